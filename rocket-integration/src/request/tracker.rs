//! Tracks the requests that may have something of ours in the request-local cache.
//!
//! The cache can't be asked whether it holds a value without making one: a map and a box, for every request
//! that has nothing to do with sessions. So the requests that have are counted here.

use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};

use rocket::Request;

/// The number of requests in progress that hold an [`InUse`], by their address in memory. Two that fall together
/// are both taken for requests with a session, which costs a look into the cache.
static BY_ADDRESS: [AtomicU32; 1 << BITS] = [const { AtomicU32::new(0) }; 1 << BITS];

/// The number of those whose address may still change, or has changed. While there is one, every request looks.
static UNPLACED: AtomicU32 = AtomicU32::new(0);

/// 4 KiB in all.
const BITS: u32 = 10;

/// Counts one request for as long as it lives. It stays with the request.
pub(crate) struct InUse(&'static AtomicU32);

// All accesses for one request happen one after another, in its task, and a counter is never set but by adding
// and subtracting: so a request always sees its own count, and nothing else has to be ordered by it.
impl InUse {
    /// Counts the request under its address.
    pub(crate) fn of(request: &Request<'_>) -> Self {
        // Rocket's local client moves a request once, between the request fairings and the routing.
        if request.route().is_some() { InUse::count(counter(request)) } else { InUse::unplaced() }
    }

    /// Counts a request whose address is not known.
    pub(crate) fn unplaced() -> Self {
        InUse::count(&UNPLACED)
    }

    fn count(counter: &'static AtomicU32) -> Self {
        counter.fetch_add(1, Ordering::Relaxed);
        InUse(counter)
    }

    /// Returns `true` if [`may_be_in_use`] says yes to this request because of this count.
    pub(crate) fn covers(&self, request: &Request<'_>) -> bool {
        ptr::eq(self.0, counter(request)) || ptr::eq(self.0, &UNPLACED)
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Returns `true` if the request may hold an [`InUse`]. `false` is certain.
pub(crate) fn may_be_in_use(request: &Request<'_>) -> bool {
    counter(request).load(Ordering::Relaxed) > 0 || UNPLACED.load(Ordering::Relaxed) > 0
}

fn counter(request: &Request<'_>) -> &'static AtomicU32 {
    // Fibonacci hashing: a request is large and aligned, so the low bits of its address say little.
    let address = ptr::from_ref(request).addr() as u64;
    let hash = address.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - BITS);
    usize::try_from(hash).ok().and_then(|hash| BY_ADDRESS.get(hash)).unwrap_or(&UNPLACED)
}
