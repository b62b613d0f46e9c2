"""A field is whole: label, control, help and errors, tied together; what was typed stays."""

import re

from django import forms
from django.template import Context, Template
from django.utils.html import format_html


class Example(forms.Form):
    name = forms.CharField(label="Name", help_text="Two or three words.")
    site = forms.URLField(label="Site", required=False, assume_scheme="https")
    tier = forms.ChoiceField(
        label="Tier",
        widget=forms.RadioSelect,
        choices=[("seed", format_html("seed<small>{}</small>", "60 a minute")), ("flower", "flower")],
    )
    sources = forms.MultipleChoiceField(
        label="Calls come from", widget=forms.CheckboxSelectMultiple, choices=[("a", "server"), ("b", "browser")]
    )
    agree = forms.BooleanField(label="Mail me")
    origin = forms.IntegerField(widget=forms.HiddenInput)

    def clean(self) -> None:
        raise forms.ValidationError("The two do not fit <b>together</b>.")


def render(source: str, form: forms.Form) -> str:
    return Template(source).render(Context({"form": form}))


def refused() -> Example:
    return Example({"name": "", "site": "not a site <i>", "tier": "nectar", "origin": "x"})


def test_a_control_has_its_label_its_help_and_its_error_by_name() -> None:
    html = render("{% field form.name %}", refused())
    assert '<label for="id_name">Name</label>' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_helptext"' in html
    assert 'id="id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert "required" in html


def test_what_is_not_required_says_so_and_the_rest_does_not() -> None:
    assert "optional" in render("{% field form.site %}", Example())
    assert "optional" not in render("{% field form.name %}", Example())
    assert "optional" not in render("{% field form.site optional=False %}", Example())


def test_what_was_typed_is_kept_and_escaped() -> None:
    html = render("{% field form.site %}", refused())
    assert 'value="not a site &lt;i&gt;"' in html


def test_a_choice_is_a_group_with_a_legend_in_the_look_asked_for() -> None:
    html = render("{% field form.tier look='choice' %}", Example({"tier": "flower"}))
    assert "<fieldset" in html
    assert "<legend>Tier" in html
    assert '<div class="choice">' in html
    assert "<small>60 a minute</small>" in html
    assert re.search(r'<input type="radio"[^>]*value="flower"[^>]*checked', html)


def test_several_checkboxes_are_a_group_and_one_is_its_own_label() -> None:
    group = render("{% field form.sources %}", Example())
    assert group.count('type="checkbox"') == 2
    assert "<legend>Calls come from" in group
    single = render("{% field form.agree %}", Example())
    assert "<fieldset" not in single
    assert '<label class="check">' in single


def test_the_summary_links_to_every_field_that_is_wrong() -> None:
    html = render("{% form_errors form %}", refused())
    assert set(re.findall(r'href="#([^"]+)"', html)) == {"id_name", "id_site", "id_tier_0", "id_sources_0", "id_agree"}
    assert "7 things to put right" in html
    assert 'role="alert"' in html
    assert "<b>together</b>" not in html
    whole = render("{{ form }}", refused())
    assert all(f'id="{target}"' in whole for target in re.findall(r'href="#([^"]+)"', html))


def test_a_form_with_nothing_wrong_has_no_summary() -> None:
    assert render("{% form_errors form %}", Example()).strip() == ""


def test_a_form_as_a_whole_has_each_field_once() -> None:
    html = render("{{ form }}", Example())
    assert html.count('name="name"') == html.count('name="site"') == html.count('name="origin"') == 1
