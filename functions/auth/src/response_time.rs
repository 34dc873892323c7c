//! Answers that take the same time, whatever was found.

use std::time::Duration;

use futures::future::join;
use tokio::time::{Instant, sleep, sleep_until};

/// Longer than the work takes, with its one hash of a password, in an environment with the memory of `functions.yaml`.
pub const FLOOR: Duration = Duration::from_millis(250);

/// Answers no sooner than after [`FLOOR`]: what is behind an address must not be told by how long it takes to look. The same statements run in each
/// case besides, but a locked row, a page in a cache and a longer row are differences of their own.
pub async fn padded<T>(work: impl Future<Output = T>) -> T {
    join(work, sleep(FLOOR)).await.0
}

/// The same for what is refused; who is let in does not wait.
///
/// # Errors
/// Those of the work.
pub async fn padded_refusals<T, E>(work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let floor = Instant::now() + FLOOR;
    let result = work.await;
    if result.is_err() {
        sleep_until(floor).await;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_comes_no_sooner_and_longer_work_is_not_made_longer_still() {
        for (work, least) in [(Duration::ZERO, FLOOR), (FLOOR * 2, FLOOR * 2)] {
            let started = Instant::now();
            padded(sleep(work)).await;
            let (one, started) = (started.elapsed(), Instant::now());
            let refuse = async {
                sleep(work).await;
                Err::<(), _>("no")
            };
            assert!(padded_refusals(refuse).await.is_err());
            for took in [one, started.elapsed()] {
                assert!((least..least + FLOOR).contains(&took), "{took:?}");
            }
        }
    }

    #[tokio::test]
    async fn who_is_let_in_does_not_wait() {
        let started = Instant::now();
        let entered: Result<(), ()> = padded_refusals(async { Ok(()) }).await;
        assert!(entered.is_ok() && started.elapsed() < FLOOR);
    }
}
