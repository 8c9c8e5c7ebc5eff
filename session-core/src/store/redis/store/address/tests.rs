//! Every form of an address brings the same login and database, and no message shows any of it.

use proptest::prelude::*;

use super::*;

fn settings(url: impl Into<RedisUrl>) -> RedisSettings {
    RedisSettings { url: url.into(), ..RedisSettings::default() }
}

fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        letter if letter.is_ascii_alphanumeric() => char::from(letter).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// User, password and database of each server that is named, but not of sentinels.
fn logins(url: impl Into<RedisUrl>) -> Vec<(Option<String>, Option<String>, i64)> {
    let address = match Address::check(&settings(url)) {
        Ok(address) => address,
        Err(objection) => panic!("{}", objection.message),
    };
    let login = |server: &ServerAddress| {
        let settings = server.settings();
        (settings.username().map(Into::into), settings.password().map(Into::into), settings.db())
    };
    match &address {
        Address::Sentinel(address) => vec![login(&address.server)],
        other => other.named().iter().map(login).collect(),
    }
}

proptest! {
    #[test]
    fn any_user_and_password_arrive_as_they_are_in_every_form(
        user in "\\PC{1,12}", password in "\\PC{1,12}", database in 0_i64..100,
    ) {
        let (name, secret) = (encoded(&user), encoded(&password));
        let parameters = format!("username={name}&password={secret}");
        let login = (Some(user.clone()), Some(password.clone()), database);
        for url in [
            format!("redis://{name}:{secret}@host:1/{database}"),
            format!("redis://host:1/{database}?{parameters}"),
            format!("valkey://{name}@host?password={secret}&db={database}"),
            format!("unix://{name}:{secret}@/run/redis.sock?db={database}"),
            format!("redis+unix:///run/redis.sock?db={database}&{parameters}"),
            format!("redis+sentinel://{name}:{secret}@h1,[::1]:2/master/{database}"),
            format!("redis+sentinel://h1,h2/master/{database}?sentinel_password=other&{parameters}"),
        ] {
            prop_assert_eq!(logins(url.as_str()), [login.clone()], "{}", url);
        }
        let nodes = [format!("redis://{name}:{secret}@a"), format!("redis://b:1/0?{parameters}")];
        let login = (Some(user), Some(password.clone()), 0);
        prop_assert_eq!(logins(nodes.to_vec()), [login.clone(), login]);
        let of_sentinels = format!("redis+sentinel://:other@h1/m?sentinel_username={name}&sentinel_password={secret}");
        let Ok(Address::Sentinel(address)) = Address::check(&settings(of_sentinels.as_str())) else {
            panic!("{of_sentinels}")
        };
        let settings = address.sentinels[0].settings();
        prop_assert_eq!(settings.password(), Some(password.as_str()));
        prop_assert_eq!(address.server.settings().password(), Some("other"));
    }

    /// A password that was not encoded may hold any character.
    #[test]
    fn no_message_shows_a_part_of_a_login_however_it_was_written(
        scheme in "(redis|rediss|valkey|unix|redis\\+unix|redis\\+sentinel|rediss\\+sentinel|http)",
        before in "[a-z:/?#@,&=%.\\[\\] -]{0,6}", after in "[a-z:/?#@,&=%.\\[\\] -]{0,6}",
        rest in "(host|host:port|a,b/m|/run/redis\\.sock|host/0\\?db=1|host\\?socket_timeout=1|)",
    ) {
        const SECRET: &str = "hüsh";
        let url = format!("{scheme}://{before}{SECRET}{after}@{rest}");
        for url in [RedisUrl::One(url.clone()), RedisUrl::Cluster(vec![url.clone()]), [&*url, "redis://a"].into()] {
            let settings = settings(url);
            let shown = format!("{settings:?} {}", settings.url.public_part());
            prop_assert!(!shown.contains(SECRET), "{}", shown);
            if let Err(objection) = Address::check(&settings) {
                prop_assert!(!objection.message.contains(SECRET), "{}", objection.message);
            }
        }
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC*", scheme in "(redis|rediss\\+sentinel|redis\\+sentinel|unix)://") {
        for text in [text.clone(), scheme + &text] {
            let _ = Address::check(&settings(text.as_str()));
            let _ = Address::check(&settings(vec![text.clone(), text]));
        }
    }
}
