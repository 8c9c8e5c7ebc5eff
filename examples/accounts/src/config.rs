//! Where the configuration comes from.

use rocket::Config;
use rocket::figment::providers::{Env, Format, Toml};
use rocket::figment::{Figment, Profile};
use std::path::{Path, PathBuf};

/// Rocket's own configuration, but that this example's Rocket.toml and templates are found from whatever directory it is
/// started in. A program that was moved away from its source looks for them in the working directory, as Rocket does.
pub(crate) fn figment() -> Figment {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = if source.exists() { source } else { Path::new("") };
    let file = Env::var("ROCKET_CONFIG").map_or_else(|| folder.join("Rocket.toml"), PathBuf::from);

    Figment::from(Config::default())
        .merge(("template_dir", folder.join("templates")))
        .merge(Toml::file(file).nested())
        .merge(Env::prefixed("ROCKET_").ignore(&["PROFILE"]).global())
        .select(Profile::from_env_or("ROCKET_PROFILE", Config::DEFAULT_PROFILE))
}
