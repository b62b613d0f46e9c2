"""The OpenAPI document of every machine interface, composed of plain dicts: one file a protocol, each with its `TAG`
and `paths()`; `document.PARTS` lists them. Its text is English, as that of every API. What the code has in tables
(reasons, faults, remedies, operations) is read from them."""
