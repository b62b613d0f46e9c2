"""The demo: people, applications, access requests and tokens with a past, told in `data/*.toml` and lived through the
real actions, so that grants, rules and audit chains are as true as any."""
