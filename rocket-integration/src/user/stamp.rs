//! Users with and without a stamp.

use super::SessionUser;

/// The stamp of users who have none. It is told from all others by its address: a stamp of an application may be empty.
#[derive(Debug, Clone, Copy)]
pub(super) struct NoStamp;

static NONE: [u8; 1] = [0];

impl AsRef<[u8]> for NoStamp {
    fn as_ref(&self) -> &[u8] {
        &NONE
    }
}

/// Calls `with` with the stamp of the user, if the user has one.
pub(crate) fn stamp_of<U: SessionUser, T>(user: &U, with: impl FnOnce(&[u8]) -> T) -> Option<T> {
    let stamp = user.stamp();
    let stamp = stamp.as_ref();
    (!std::ptr::eq(stamp.as_ptr(), NONE.as_ptr())).then(|| with(stamp))
}

#[cfg(test)]
mod tests {
    use rocket::http::Status;

    use super::*;

    struct Plain;

    impl SessionUser for Plain {
        type Id = u8;
        type Source<'r> = ();

        async fn find(_: &u8, (): ()) -> Result<Option<Self>, Status> {
            Ok(None)
        }

        fn id(&self) -> u8 {
            1
        }
    }

    struct Stamped(&'static [u8]);

    impl SessionUser for Stamped {
        type Id = u8;
        type Source<'r> = ();

        async fn find(_: &u8, (): ()) -> Result<Option<Self>, Status> {
            Ok(None)
        }

        fn id(&self) -> u8 {
            1
        }

        fn stamp(&self) -> impl AsRef<[u8]> {
            self.0
        }
    }

    #[test]
    fn only_a_user_that_says_nothing_of_a_stamp_has_none() {
        let copied = |user: &Stamped| stamp_of(user, <[u8]>::to_vec);
        assert_eq!(stamp_of(&Plain, <[u8]>::to_vec), None);
        for stamp in [&b""[..], b"\0", b"hash"] {
            assert_eq!(copied(&Stamped(stamp)).as_deref(), Some(stamp));
        }
    }
}
