#![doc = include_str!("links.md")]
#![doc = include_str!("../../docs/README.md")]

// The pages are files of the repository's `docs/`, where they link to each other by file name. Here the same labels
// are defined before each page, as paths of modules: of two definitions the first counts.

macro_rules! pages {
    ($($name:ident $file:literal)*) => {$(
        #[doc = include_str!("links.md")]
        #[doc = include_str!(concat!("../../docs/", $file))]
        pub mod $name {}
    )*};
}

pages! {
    capacity "capacity.md"
    configuration "configuration.md"
    consistency "consistency.md"
    deployment "deployment.md"
    devices "devices.md"
    features "features.md"
    flask_login "flask-login.md"
    flask_rules "flask-rules.md"
    from_flask "from-flask.md"
    guards "guards.md"
    layout "layout.md"
    login_application "login-application.md"
    more_than_one_machine "more-than-one-machine.md"
    observability "observability.md"
    own_pool "own-pool.md"
    own_store "own-store.md"
    performance "performance.md"
    security_review "security-review.md"
    state "state.md"
    stores "stores.md"
    testing "testing.md"
    troubleshooting "troubleshooting.md"
    types "types.md"
    users "users.md"
}
