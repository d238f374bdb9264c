//! The gate before the preview: takes connections, reads what they ask, and lets nobody hold up others.
//!
//! tiny_http's own reading stands behind no bound: it drains a body into one allocation of
//! `Content-Length` bytes, waits for ever for the end of a head of any size, and ends its accept loop at
//! the first error, such as too many open files. So connections are ours, and tiny_http writes the
//! answers. Each connection has a thread; there are at most [`MAX_CONNECTIONS`], and who is one too many
//! takes the place of the one that has been doing the least for the longest.

use super::request::{self, MAX_HEAD_BYTES, Refusal, Request};
use std::collections::BTreeMap;
use std::io::{self, BufWriter, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Open at once. A preview has few readers; where a process may open fewer files, it is fewer.
const MAX_CONNECTIONS: usize = 512;
/// A connection that asks nothing is kept so long.
const IDLE: Duration = Duration::from_secs(60);
/// A head that has begun is there by then.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// An answer that nobody takes is given up.
const WRITE_TIME: Duration = Duration::from_secs(20);
/// After the last answer, what still comes is thrown away for so long: closing at once would take the
/// answer back from who is still sending.
const LINGER: Duration = Duration::from_secs(1);
/// Enough for an answer, which holds its bytes on the heap.
const STACK_BYTES: usize = 256 * 1024;

/// What a connection is doing; those that come first give way first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Doing {
    Asking,
    Hearing,
    Taking,
}

struct Guest {
    stream: Arc<TcpStream>,
    doing: Doing,
    since: Instant,
}

/// All open connections, by the order in which they came.
#[derive(Default)]
struct Guests {
    open: Mutex<BTreeMap<u64, Guest>>,
}

/// Where an answer goes.
pub(super) struct Wire<'a> {
    writer: BufWriter<&'a TcpStream>,
    guests: &'a Guests,
    number: u64,
}

impl Wire<'_> {
    /// From here on the connection only hears of changes, for as long as it likes.
    pub(super) fn hears_from_now_on(&self) {
        self.guests.now(self.number, Doing::Hearing);
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// What the preview does with those who come in.
pub(super) trait House: Send + Sync + 'static {
    /// Tells whether a request may call this server so.
    fn is_called(&self, host: &str) -> bool;

    /// Answers a request.
    ///
    /// # Errors
    /// When the answer could not be written whole: nothing can follow it.
    fn answer(&self, request: &Request, wire: &mut Wire<'_>) -> io::Result<()>;

    /// Answers what is no request.
    ///
    /// # Errors
    /// When the answer could not be written.
    fn refuse(&self, refusal: &Refusal, wire: &mut Wire<'_>) -> io::Result<()>;
}

/// Takes connections, for ever.
pub(super) fn open(listener: &TcpListener, house: &Arc<impl House>) {
    let guests = Arc::new(Guests::default());
    let mut number = 0;
    loop {
        let Ok((stream, _)) = listener.accept() else {
            // Out of file descriptors, most likely.
            guests.send_one_away();
            std::thread::sleep(Duration::from_millis(20));
            continue;
        };
        number += 1;
        let stream = Arc::new(stream);
        guests.welcome(number, Arc::clone(&stream));
        let (house, at_the_table) = (Arc::clone(house), Arc::clone(&guests));
        let talk = move || {
            // Who closed the connection does not wait for an answer.
            let _ = converse(&*house, &at_the_table, number, &stream);
            at_the_table.open().remove(&number);
        };
        if std::thread::Builder::new().stack_size(STACK_BYTES).spawn(talk).is_err() {
            guests.open().remove(&number);
        }
    }
}

impl Guests {
    fn open(&self) -> MutexGuard<'_, BTreeMap<u64, Guest>> {
        self.open.lock().expect("no thread panics while it holds the connections")
    }

    fn welcome(&self, number: u64, stream: Arc<TcpStream>) {
        if self.open().len() >= MAX_CONNECTIONS {
            self.send_one_away();
        }
        self.open().insert(number, Guest { stream, doing: Doing::Asking, since: Instant::now() });
    }

    /// Closes the connection that has been doing the least for the longest; its thread then ends.
    fn send_one_away(&self) {
        let mut open = self.open();
        let first = open.iter().min_by_key(|(_, guest)| (guest.doing, guest.since)).map(|(number, _)| *number);
        if let Some(guest) = first.and_then(|number| open.remove(&number)) {
            let _ = guest.stream.shutdown(Shutdown::Both);
        }
    }

    fn now(&self, number: u64, doing: Doing) {
        if let Some(guest) = self.open().get_mut(&number) {
            (guest.doing, guest.since) = (doing, Instant::now());
        }
    }
}

fn converse(house: &impl House, guests: &Guests, number: u64, stream: &TcpStream) -> io::Result<()> {
    stream.set_write_timeout(Some(WRITE_TIME))?;
    let mut wire = Wire { writer: BufWriter::with_capacity(16 * 1024, stream), guests, number };
    let mut unread = Vec::new();
    loop {
        guests.now(number, Doing::Asking);
        let request = match read_head(stream, &mut unread) {
            Ok(None) => return Ok(()),
            Ok(Some(head)) => request::parse(&head, |host| house.is_called(host)),
            Err(refusal) => Err(refusal),
        };
        guests.now(number, Doing::Taking);
        let is_last = match &request {
            Ok(request) => {
                house.answer(request, &mut wire)?;
                request.is_last
            }
            Err(refusal) => {
                house.refuse(refusal, &mut wire)?;
                true
            }
        };
        wire.flush()?;
        if is_last {
            guests.now(number, Doing::Asking);
            return linger(stream);
        }
    }
}

/// Reads up to the end of a head; what came after it stays in `unread`. `None` where the connection
/// ended, or nothing was asked for long.
fn read_head(mut stream: &TcpStream, unread: &mut Vec<u8>) -> Result<Option<Vec<u8>>, Refusal> {
    let mut until = Instant::now() + if unread.is_empty() { IDLE } else { HEAD_TIME };
    let mut chunk = [0; 4096];
    let mut n_known = 0;
    loop {
        // An empty line before a request is left over from the one before (RFC 9112, 2.2).
        let n_empty = unread.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        if n_known == 0 {
            unread.drain(..n_empty);
        }
        if let Some(length) = request::head_len(unread, n_known) {
            let rest = unread.split_off(length);
            return Ok(Some(std::mem::replace(unread, rest)));
        }
        if unread.len() > MAX_HEAD_BYTES {
            return Err(request::TOO_LARGE);
        }
        n_known = unread.len();
        let left = until.saturating_duration_since(Instant::now());
        let waits = !left.is_zero() && stream.set_read_timeout(Some(left)).is_ok();
        match if waits { stream.read(&mut chunk) } else { Err(io::ErrorKind::TimedOut.into()) } {
            Ok(0) => return Ok(None),
            Ok(length) => {
                if unread.is_empty() {
                    until = Instant::now() + HEAD_TIME;
                }
                unread.extend_from_slice(&chunk[..length]);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                let too_slow = matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
                return if too_slow && !unread.is_empty() { Err(request::TOO_SLOW) } else { Ok(None) };
            }
        }
    }
}

fn linger(mut stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    let until = Instant::now() + LINGER;
    let mut chunk = [0; 4096];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        stream.set_read_timeout(Some(left))?;
        if stream.read(&mut chunk)? == 0 {
            return Ok(());
        }
    }
}
