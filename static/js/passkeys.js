// Passkeys: <form data-passkey="login|get|create"> with a hidden `credential` and one button of type "button".
// The options come from the page (#passkey-options), or for a sign-in from the form's own address.

/* global webauthnJSON */

async function optionsOf(form) {
  if (form.dataset.passkey !== "login") return JSON.parse(document.getElementById("passkey-options").textContent);
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

async function credentialFor(form) {
  const options = await optionsOf(form);
  if (form.dataset.passkey !== "create") return webauthnJSON.get(options.request_options);
  const wanted = options.creation_options;
  if (form.elements.passwordless?.checked) {
    Object.assign(wanted.publicKey.authenticatorSelection, {
      residentKey: "required",
      requireResidentKey: true,
      userVerification: "required",
    });
  }
  return webauthnJSON.create(wanted);
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const problem = form.querySelector("[data-passkey-problem]");
  form.querySelector("button[type=button]").addEventListener("click", async () => {
    if (!form.reportValidity()) return;
    problem.hidden = true;
    try {
      form.elements.credential.value = JSON.stringify(await credentialFor(form));
    } catch {
      problem.textContent = problem.dataset.text;
      problem.hidden = false;
      return;
    }
    form.submit();
  });
}
