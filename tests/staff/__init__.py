"""The pages of auditors and administrators."""

from django.test import Client


def shown(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()
