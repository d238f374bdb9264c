//! How work grows with its input, judged by what a thread had of the processor: what other tests do
//! beside it, and how busy the machine is, does not count.

/// How long this thread has had a processor, in nanoseconds; `None` where the system does not tell.
fn busy_ns() -> Option<u128> {
    #[cfg(unix)]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Some(time.tv_sec as u128 * 1_000_000_000 + time.tv_nsec as u128)
    }
    #[cfg(not(unix))]
    None
}

/// What the work takes, in nanoseconds: the least of some times, since caches are shared with what runs
/// beside this test.
fn time_of(work: &mut dyn FnMut(usize), n: usize) -> Option<u128> {
    let mut least: Option<u128> = None;
    let (began, mut rounds) = (busy_ns(), 0);
    loop {
        let before = busy_ns();
        work(n);
        rounds += 1;
        let (before, after) = (before?, busy_ns()?);
        least = Some(least.map_or(after - before, |least| least.min(after - before)));
        // Long work is done twice, short work until its least time is a good one.
        if rounds >= 2 && after - began? > 4_000_000 {
            return least;
        }
    }
}

/// Four times the input may take four times the time; a square would take sixteen.
///
/// Where the system does not tell how long a thread was busy, the work is only done.
#[track_caller]
pub(crate) fn assert_linear(name: &str, work: &mut dyn FnMut(usize), n: usize) {
    let mut ratios = Vec::new();
    for _ in 0..5 {
        let (Some(few), Some(many)) = (time_of(work, n), time_of(work, 4 * n)) else { return };
        let ratio = many as f64 / few.max(1) as f64;
        // One good measurement is enough: nothing makes a square look like a line.
        if ratio <= 9.0 {
            return;
        }
        ratios.push(ratio);
    }
    panic!("{name}: four times the input takes {ratios:.1?} times the time");
}

#[test]
fn a_square_is_told_from_a_line() {
    let spin = |n: usize| (0..n as u64).fold(7_u64, |hash, at| std::hint::black_box(hash.wrapping_mul(31) ^ at));
    assert_linear("a line", &mut |n| assert_ne!(spin(n), 0), 20_000);
    if busy_ns().is_some() {
        let square = std::panic::catch_unwind(|| {
            assert_linear("a square", &mut |n| assert_ne!(spin(n * n), 0), 200);
        });
        assert!(square.is_err());
    }
}
