//! The room of the memory store, and who has to leave when it is full.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Keeps count of the sessions and their bytes, and knows the order in which they have to leave.
///
/// Sessions to which nobody has come back leave first: a flood of visitors who keep no cookie makes room for itself. A
/// share of the room is theirs, so that a full store takes new sessions; if they have less than that, the least
/// recently used of the others has to leave.
pub(super) struct Room {
    max: Size,
    /// The number of the next use.
    uses: AtomicU64,
    taken: Mutex<Taken>,
}

/// One part in so many is left to sessions that nobody has come back to.
const SHARE_OF_NEW: u64 = 8;

#[derive(Clone, Copy, Default)]
pub(super) struct Size {
    pub(super) sessions: u64,
    pub(super) bytes: u64,
}

/// The place of a session: it stays the same when its record is replaced.
pub(super) struct Place {
    key: Box<str>,
    last_use: AtomicU64,
    /// Set once the session was loaded. This and what follows is changed under the lock of the room.
    is_known: AtomicBool,
    /// The bytes that are counted; 0 once the place is free.
    bytes: AtomicU64,
    /// The use under which the place is queued.
    queued: AtomicU64,
}

impl Place {
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    fn is_free(&self) -> bool {
        self.bytes.load(Relaxed) == 0
    }
}

#[derive(Default)]
struct Taken {
    new: Queue,
    known: Queue,
}

/// Places in the order of their last use, as it was when they were queued: one that was used since is queued again when
/// it is its turn, so that a use costs no more than the note of it.
#[derive(Default)]
struct Queue {
    size: Size,
    places: BTreeMap<u64, Arc<Place>>,
}

impl Room {
    pub(super) fn new(max: Size) -> Self {
        Room { max, uses: AtomicU64::new(1), taken: Mutex::default() }
    }

    pub(super) fn max(&self) -> Size {
        self.max
    }

    /// Gives a new session a place of so many bytes, at least one.
    pub(super) fn enter(&self, key: &str, bytes: u64) -> Arc<Place> {
        let place = Arc::new(Place {
            key: key.into(),
            last_use: AtomicU64::new(self.next_use()),
            is_known: AtomicBool::new(false),
            bytes: AtomicU64::new(bytes),
            queued: AtomicU64::new(0),
        });
        self.taken().new.add(Arc::clone(&place), bytes);
        place
    }

    /// Notes that the session's record was replaced by one of so many bytes.
    pub(super) fn resize(&self, place: &Place, bytes: u64) {
        let mut taken = self.taken();
        place.last_use.store(self.next_use(), Relaxed);
        let before = place.bytes.swap(bytes, Relaxed);
        let size = &mut taken.queue(place).size;
        size.bytes = (size.bytes + bytes).saturating_sub(before);
    }

    /// Notes that somebody has come back to the session.
    pub(super) fn was_loaded(&self, place: &Arc<Place>) {
        place.last_use.store(self.next_use(), Relaxed);
        if place.is_known.load(Relaxed) {
            return;
        }
        let mut taken = self.taken();
        if place.is_free() || place.is_known.load(Relaxed) {
            return;
        }
        let bytes = place.bytes.load(Relaxed);
        taken.new.remove(place, bytes);
        place.is_known.store(true, Relaxed);
        taken.known.add(Arc::clone(place), bytes);
    }

    /// Frees the place of a session that is gone.
    pub(super) fn leave(&self, place: &Place) {
        let mut taken = self.taken();
        let bytes = place.bytes.swap(0, Relaxed);
        if bytes > 0 {
            taken.queue(place).remove(place, bytes);
        }
    }

    /// Returns the session that has to leave, if the room is overfull. The caller removes it, and then frees its place.
    /// `spared` is the session that has just come.
    pub(super) fn overfull(&self, spared: Option<&Arc<Place>>) -> Option<Arc<Place>> {
        let mut taken = self.taken();
        let (new, known) = (taken.new.size, taken.known.size);
        let is_over = |max: u64, new: u64, known: u64| new + known > max;
        let sessions = is_over(self.max.sessions, new.sessions, known.sessions);
        if !sessions && !is_over(self.max.bytes, new.bytes, known.bytes) {
            return None;
        }
        let (share, of_new) = match sessions {
            true => (self.max.sessions / SHARE_OF_NEW, new.sessions),
            false => (self.max.bytes / SHARE_OF_NEW, new.bytes),
        };
        let Taken { new, known } = &mut *taken;
        let queues = if of_new > share { [new, known] } else { [known, new] };
        queues.into_iter().find_map(|queue| queue.next(spared))
    }

    fn next_use(&self) -> u64 {
        self.uses.fetch_add(1, Relaxed)
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// The queue that counts this place.
    fn queue(&mut self, place: &Place) -> &mut Queue {
        if place.is_known.load(Relaxed) { &mut self.known } else { &mut self.new }
    }
}

impl Queue {
    fn add(&mut self, place: Arc<Place>, bytes: u64) {
        self.size.sessions += 1;
        self.size.bytes += bytes;
        self.enqueue(place);
    }

    fn remove(&mut self, place: &Place, bytes: u64) {
        self.size.sessions = self.size.sessions.saturating_sub(1);
        self.size.bytes = self.size.bytes.saturating_sub(bytes);
        self.places.remove(&place.queued.load(Relaxed));
    }

    fn enqueue(&mut self, place: Arc<Place>) {
        // No two places have a use in common.
        let last_use = place.last_use.load(Relaxed);
        place.queued.store(last_use, Relaxed);
        self.places.insert(last_use, place);
    }

    /// Takes the place that was not used for the longest time out of the queue, unless it is the one that is `spared`.
    fn next(&mut self, spared: Option<&Arc<Place>>) -> Option<Arc<Place>> {
        let mut kept = None;
        let next = loop {
            let Some((queued, place)) = self.places.pop_first() else { break None };
            if spared.is_some_and(|spared| Arc::ptr_eq(spared, &place)) {
                kept = Some(place);
            } else if place.last_use.load(Relaxed) > queued {
                self.enqueue(place);
            } else {
                break Some(place);
            }
        };
        if let Some(kept) = kept {
            self.enqueue(kept);
        }
        next
    }
}
