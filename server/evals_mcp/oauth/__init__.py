"""Sign-in with OAuth, as the server of a resource: who the identity provider says that somebody is."""
