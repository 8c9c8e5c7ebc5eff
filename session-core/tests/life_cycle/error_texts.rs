//! What errors say. An application may take keys from its visitors, and the texts go to the log.

use rocket_session_state_core::Chain;
use rocket_session_state_core::session::{FieldError, SaveError};

use super::site::Site;

const HOSTILE: &str = "a\nERROR a line that nobody has logged\u{1b}[2J";

#[track_caller]
fn assert_quoted(error: &(dyn std::error::Error + 'static)) {
    let text = Chain(error).to_string();
    assert!(text.contains(r#""a\nERROR a line that nobody has logged\u{1b}[2J""#), "{text}");
    assert!(!text.contains(char::is_control), "{text}");
}

#[tokio::test]
async fn no_error_has_the_line_breaks_of_a_visitors_key() {
    let site = Site::with(|config| config.session_max_size = 1_000);
    let session = site.open().await;
    session.set(HOSTILE, &"x".repeat(2_000));
    assert_quoted(&session.save().await.unwrap_err());
    assert_quoted(&session.get::<u8>(HOSTILE).unwrap_err());

    let mut cookies = Site::with_cookies(|_| {});
    let session = cookies.open().await;
    session.set(HOSTILE, &(0..9_000).collect::<Vec<u32>>());
    let error = cookies.close(&session).await.unwrap_err();
    assert!(matches!(error, SaveError::CookieTooLarge { .. }), "{error:?}");
    assert_quoted(&error);

    let session = site.open().await;
    session.set(HOSTILE, &u128::MAX);
    let error = session.save().await.unwrap_err();
    assert!(matches!(error, SaveError::Encode { .. }), "{error:?}");
    assert_quoted(&error);

    assert_quoted(&SaveError::Refused { key: HOSTILE.to_owned() });
    assert_quoted(&FieldError::Missing { key: HOSTILE.to_owned() });
}
