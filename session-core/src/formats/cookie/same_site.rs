//! The `SameSite` attribute.

use crate::choice::choice;

choice! {
    /// The condition under which a browser sends the cookie with requests that another site caused.
    ///
    /// ```
    /// # extern crate rocket_session_state_core as rocket_session_state;
    /// use rocket_session_state::config::SameSite;
    ///
    /// assert_eq!("lax".parse(), Ok(SameSite::Lax));
    /// assert!("sometimes".parse::<SameSite>().is_err());
    /// ```
    SameSite {
        /// Sent only when the user follows a link: not with another site's forms, frames and images.
        Lax = "Lax",
        /// Never sent.
        Strict = "Strict",
        /// Always sent. Browsers accept it only together with `Secure`.
        None = "None",
    }
}
