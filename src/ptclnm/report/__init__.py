"""Tables, figures and claims, as pages show them and as files hold them."""
