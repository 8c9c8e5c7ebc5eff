//! `session_migrate_from`: the store that sessions are moved out of.

#[cfg(feature = "redis")]
use rocket_session_state_core::config::{MigrateFrom, SessionType};

#[cfg(feature = "redis")]
use super::{accepted, checked};
use super::{assert_says, refused_line, refused_variable};

/// The problems of this table beside sessions in memory.
fn refused_table(table: &str) -> rocket_session_state_core::config::Problem {
    refused_line(&format!("session_type = \"memory\"\nsession_migrate_from = {table}"))
}

#[cfg(feature = "redis")]
#[test]
fn the_old_store_has_the_keys_of_a_store_without_their_beginning() {
    let old = |toml: &str| accepted(toml, &[]).session_migrate_from.clone().unwrap();
    let head = "[default]\nsession_type = \"memory\"\nsession_key_prefix = \"shop:\"\n";
    let config = old(&format!(
        "{head}session_migrate_from = {{ type = \"redis\", redis = \"redis://old:6379/1\", key_prefix = \"old:\" }}"
    ));
    assert_eq!(config.session_type, SessionType::Redis);
    assert_eq!(config.store.redis.url, "redis://old:6379/1".into());
    assert_eq!(config.session_key_prefix.as_deref(), Some("old:"));
    // What is not said about it: where the store is by default, and the prefix of the new store.
    let config =
        old(&format!("{head}session_redis = \"redis://new\"\nsession_migrate_from = {{ type = \"redis\" }}"));
    assert_eq!(config.store.redis.url, "redis://127.0.0.1:6379".into());
    assert_eq!(config.session_key_prefix.as_deref(), Some("shop:"));
}

#[cfg(feature = "redis")]
#[test]
fn a_variable_may_hold_the_table() {
    let toml = "[default]\nsession_type = \"memory\"";
    let table = "{type=\"redis\",redis=\"redis://old:6379\"}";
    let config = accepted(toml, &[("ROCKET_SESSION_MIGRATE_FROM", table)]);
    assert_eq!(config.session_migrate_from.as_ref().unwrap().store.redis.url, "redis://old:6379".into());
}

#[test]
fn what_is_no_table_is_refused_with_an_example() {
    let example = "{ type = \"redis\", redis = \"redis://127.0.0.1:6379\" }";
    assert_says(&refused_table("\"redis\""), "session_migrate_from", &[example]);
    assert_says(&refused_table("{ redis = \"redis://h\" }"), "session_migrate_from", &["no `type`", example]);
    let problem = refused_variable("ROCKET_SESSION_MIGRATE_FROM", "redis");
    assert_says(&problem, "session_migrate_from", &[example, "ROCKET_SESSION_MIGRATE_FROM"]);
}

#[test]
fn a_wrong_key_or_value_of_the_old_store_is_named() {
    let unknown = refused_table("{ type = \"redis\", reddis = \"redis://h\" }");
    assert_says(&unknown, "session_migrate_from", &["unknown key `reddis`", "`redis`"]);
    let elsewhere = refused_table("{ type = \"redis\", cookie_name = \"a\" }");
    assert_says(&elsewhere, "session_migrate_from", &["unknown key `cookie_name`"]);
    let store = refused_table("{ type = \"redsi\" }");
    assert_says(&store, "session_migrate_from", &["`type`", "did you mean \"redis\"?"]);
    let number = refused_table("{ type = \"redis\", redis = 6379 }");
    assert_says(&number, "session_migrate_from", &["`redis` must be text"]);
    let prefix = refused_table("{ type = \"redis\", key_prefix = \"a b\" }");
    assert_says(&prefix, "session_migrate_from", &["`key_prefix` must be printable ASCII"]);
}

#[cfg(feature = "redis")]
#[test]
fn the_address_of_the_old_store_follows_the_same_rules_and_its_password_is_not_shown() {
    let problem = refused_table("{ type = \"redis\", redis = \"http://me:hush@h\" }");
    assert_says(&problem, "session_migrate_from", &["`redis` "]);
    assert!(!problem.to_string().contains("hush"), "{problem}");
    let old = |config: &mut rocket_session_state_core::config::SessionConfig| {
        config.session_type = SessionType::Memory;
        let mut old = MigrateFrom::new(SessionType::Redis);
        old.store.redis.url = "redis://me:hush@h".into();
        config.session_migrate_from = Some(old);
    };
    let shown = format!("{:?}", checked(old).unwrap());
    assert!(shown.contains("redis://…@h") && !shown.contains("hush"), "{shown}");
}

#[cfg(not(feature = "redis"))]
#[test]
fn an_old_store_without_its_feature_is_refused() {
    assert_says(&refused_table("{ type = \"redis\" }"), "session_migrate_from", &["cargo feature `redis`"]);
}

#[test]
fn stores_that_sessions_can_not_be_moved_out_of_are_refused_with_the_reason() {
    assert_says(
        &refused_table("{ type = \"cookie\" }"),
        "session_migrate_from",
        &["hold their sessions themselves"],
    );
    assert_says(&refused_table("{ type = \"memory\" }"), "session_migrate_from", &["ended with the process"]);
}

#[cfg(feature = "redis")]
#[test]
fn a_store_is_not_moved_into_itself_but_may_change_its_prefix() {
    let line =
        |more: &str| format!("session_type = \"redis\"\nsession_migrate_from = {{ type = \"redis\"{more} }}");
    assert_says(&refused_line(&line("")), "session_migrate_from", &["already"]);
    accepted(&format!("[default]\n{}", line(", key_prefix = \"old:\"")), &[]);
    accepted(&format!("[default]\n{}", line(", redis = \"redis://old\"")), &[]);
}

#[cfg(all(feature = "redis", feature = "sqlite"))]
#[test]
fn the_old_store_has_a_place_too_and_one_that_is_the_same_under_another_word_is_refused() {
    let redis =
        "session_type = \"memory\"\nsession_migrate_from = { type = \"redis\", redis = \"redis://:hush@h\" }";
    let checked = super::configure(&format!("[default]\n{redis}"), &[]).unwrap();
    assert_eq!(
        checked.old_store_location.unwrap(),
        "redis://…@h (session_migrate_from, set in Rocket.toml, profile [default])"
    );
    let old = "{ type = \"sqlite\", sqlalchemy = \"sqlite:///a.db\" }";
    assert_says(
        &refused_line(&format!(
            "session_type = \"sql\"\nsession_sqlalchemy = \"sqlite:///a.db\"\nsession_migrate_from = {old}"
        )),
        "session_migrate_from",
        &["already"],
    );
}

#[cfg(feature = "filesystem")]
#[test]
fn files_in_one_folder_are_one_store_by_either_name_and_with_any_mode() {
    assert_says(
        &refused_line(
            "session_type = \"filesystem\"\nsession_migrate_from = { type = \"cachelib\", file_mode = \"0660\" }",
        ),
        "session_migrate_from",
        &["already"],
    );
}
