//! The source of the configuration.

use rocket::Config;
use rocket::figment::providers::{Env, Format, Toml};
use rocket::figment::{Figment, Profile};
use std::path::Path;

/// Rocket's own configuration with one difference: the Rocket.toml of this example is found from whatever directory the
/// program is started in. Rocket alone looks only in the working directory and those above it, which is still done where
/// the program has been moved away from its source.
pub(crate) fn figment() -> Figment {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/Rocket.toml");
    let file = if Path::new(own).exists() { own } else { "Rocket.toml" };

    Figment::from(Config::default())
        .merge(Toml::file(Env::var_or("ROCKET_CONFIG", file)).nested())
        .merge(Env::prefixed("ROCKET_").ignore(&["PROFILE"]).global())
        .select(Profile::from_env_or("ROCKET_PROFILE", Config::DEFAULT_PROFILE))
}
