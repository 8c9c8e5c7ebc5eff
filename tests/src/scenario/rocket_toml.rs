//! A scenario's configuration as a user of the Rust library would write it.

use serde_json::Value;

use super::vector::Scenario;

impl Scenario {
    /// The Rocket.toml of this scenario; `redis` is the address that sessions of `flask_session` go to.
    ///
    /// SameSite is switched off where the scenario does not mention it, as in Flask: that the default differs here
    /// is known, and would hide everything else.
    pub fn rocket_toml(&self, redis: &str) -> String {
        // Flask's way: every use extends and sends.
        let mut lines = vec!["[default]".to_owned(), "session_refresh_after = 0".to_owned()];
        if self.engine == "flask_session" {
            lines.extend(["session_type = \"redis\"".to_owned(), format!("session_redis = \"{redis}\"")]);
        }
        for (key, value) in &self.config {
            assert!(!value.is_object(), "{}: {key} has a type that TOML does not know", self.id);
            // TOML has no null. What is left of JSON, TOML reads alike.
            if *value != Value::Null {
                lines.push(format!("{} = {value}", key.to_lowercase()));
            }
        }
        if !self.config.contains_key("SESSION_COOKIE_SAMESITE") {
            lines.push("session_cookie_samesite = false".to_owned());
        }
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::scenarios;

    fn toml_of(id: &str) -> String {
        let scenario = scenarios().into_iter().find(|scenario| scenario.id == id).unwrap();
        scenario.rocket_toml("redis://127.0.0.1:1/0")
    }

    #[test]
    fn a_scenario_becomes_a_rocket_toml_with_the_keys_in_lower_case() {
        assert_eq!(
            toml_of("dev-http_scenario-050"),
            "[default]\nsession_refresh_after = 0\nsession_type = \"redis\"\nsession_redis = \"redis://127.0.0.1:1/0\"\n\
             permanent_session_lifetime = 30\nsecret_key = \"dev-secret-key\"\nsession_id_length = 16\n\
             session_key_prefix = \"flask\"\nsession_serialization_format = \"json\"\nsession_cookie_samesite = false"
        );
    }

    #[test]
    fn a_key_without_a_value_is_left_out_and_a_list_stays_a_list() {
        assert_eq!(
            toml_of("dev-http_scenario-031"),
            "[default]\nsession_refresh_after = 0\nsession_cookie_samesite = false"
        );
        assert!(toml_of("dev-http_scenario-032").contains("secret_key_fallbacks = [\"some-other-key\"]"));
    }
}
