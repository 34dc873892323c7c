//! Time and randomness as arguments: production uses the system's, a test replays its own.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use ring::rand::SecureRandom;
use time::{Duration, OffsetDateTime};

use crate::id::Id;

/// Where the present comes from.
pub trait Clock: Send + Sync {
    /// The present in UTC.
    fn now(&self) -> OffsetDateTime;
}

/// Where unpredictable bytes come from.
pub trait Entropy: Send + Sync {
    /// Fills the buffer; the caller may use it for secrets.
    fn fill(&self, buffer: &mut [u8]);
}

/// The clock and entropy that an operation decides with.
#[derive(Clone)]
pub struct World {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl World {
    /// The system's clock and random generator.
    pub fn system() -> Self {
        Self { clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy) }
    }

    /// A world of one's own.
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { clock, entropy }
    }

    /// A repeatable world for tests, with the clock to move it by.
    pub fn replay(start: OffsetDateTime, seed: u64) -> (Self, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock(Mutex::new(start)));
        (Self { clock: clock.clone(), entropy: Arc::new(SeededEntropy(AtomicU64::new(seed))) }, clock)
    }

    /// The present in UTC.
    pub fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// Unpredictable bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// A new id that sorts by the present.
    pub fn id<T: Id>(&self) -> T {
        T::from_parts(self.now(), self.bytes())
    }

    /// A uniform number below `bound` (greater than 0).
    pub fn below(&self, bound: u32) -> u32 {
        // Rejection keeps the distribution uniform.
        let limit = u32::MAX - u32::MAX % bound;
        loop {
            let number = u32::from_le_bytes(self.bytes());
            if number < limit {
                return number % bound;
            }
        }
    }
}

struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::expect_used, reason = "without entropy no secret may be made")]
    fn fill(&self, buffer: &mut [u8]) {
        ring::rand::SystemRandom::new().fill(buffer).expect("the system gives no random bytes");
    }
}

/// A clock that moves only when told to.
pub struct ManualClock(Mutex<OffsetDateTime>);

impl ManualClock {
    /// Moves the present forward (or back, with a negative duration).
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// splitmix64: repeatable, never for secrets.
struct SeededEntropy(AtomicU64);

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed).wrapping_add(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let bytes = (z ^ (z >> 31)).to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}
