//! Reading many files at once.
//!
//! A history of a thousand migrations is three thousand files, and reading them is most of what a run with nothing to do
//! does. The kernel's part of it divides well among threads.

use std::thread;

/// Fewer than this are read before a thread has started.
const WORTH_A_THREAD: usize = 64;

/// More threads than this wait for one another in the kernel's folder cache.
const MOST_THREADS: usize = 4;

/// `read` of each item, in the order of the items.
pub(super) fn map<T: Sync, R: Send>(items: &[T], read: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let threads = (items.len() / WORTH_A_THREAD).clamp(1, processors.min(MOST_THREADS));
    let share = items.len().div_ceil(threads).max(1);
    let read = &read;
    let mut shares = items.chunks(share);
    let own = shares.next().unwrap_or_default();
    thread::scope(|scope| {
        let others: Vec<_> = shares
            .map(|share| {
                let work = move || share.iter().map(read).collect::<Vec<R>>();
                // Where the system gives no further thread, this one does the work.
                thread::Builder::new().spawn_scoped(scope, work).map_err(|_| share)
            })
            .collect();
        let mut done: Vec<R> = own.iter().map(read).collect();
        for other in others {
            match other {
                Ok(thread) => match thread.join() {
                    Ok(part) => done.extend(part),
                    Err(panic) => std::panic::resume_unwind(panic),
                },
                Err(share) => done.extend(share.iter().map(read)),
            }
        }
        done
    })
}

#[cfg(test)]
mod tests {
    use super::map;

    #[test]
    fn the_order_stays() {
        for length in [0, 1, 63, 64, 127, 1000] {
            let items: Vec<usize> = (0..length).collect();
            assert_eq!(map(&items, |item| item * 2), items.iter().map(|item| item * 2).collect::<Vec<_>>());
        }
    }
}
