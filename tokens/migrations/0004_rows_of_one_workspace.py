"""A row that repeats the workspace of its application says the same one: the triggers that raise the rights version
rest on it. As the foreign key of a grant's application, these are composite, which the ORM cannot say."""

from django.db import migrations

ADD = """
ALTER TABLE tokens_token ADD CONSTRAINT token_in_workspace UNIQUE (id, workspace_id);
ALTER TABLE tokens_tokensecret ADD CONSTRAINT secret_of_workspace FOREIGN KEY (token_id, workspace_id)
    REFERENCES tokens_token (id, workspace_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE tokens_token ADD CONSTRAINT token_of_workspace FOREIGN KEY (application_id, workspace_id)
    REFERENCES tokens_application (id, workspace_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE tokens_domain ADD CONSTRAINT domain_of_workspace FOREIGN KEY (application_id, workspace_id)
    REFERENCES tokens_application (id, workspace_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE tokens_accessrequest ADD CONSTRAINT request_of_workspace FOREIGN KEY (application_id, workspace_id)
    REFERENCES tokens_application (id, workspace_id) DEFERRABLE INITIALLY DEFERRED;
"""
REMOVE = """
ALTER TABLE tokens_accessrequest DROP CONSTRAINT request_of_workspace;
ALTER TABLE tokens_domain DROP CONSTRAINT domain_of_workspace;
ALTER TABLE tokens_token DROP CONSTRAINT token_of_workspace;
ALTER TABLE tokens_tokensecret DROP CONSTRAINT secret_of_workspace;
ALTER TABLE tokens_token DROP CONSTRAINT token_in_workspace;
"""


class Migration(migrations.Migration):
    dependencies = [("tokens", "0003_versions_on_every_change")]
    operations = [migrations.RunSQL(ADD, REMOVE)]
