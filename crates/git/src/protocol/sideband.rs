//! The side band (gitprotocol-pack, `side-band-64k`): data, progress and errors in one stream.

use std::io::{self, Read};

use super::limited::too_large;
use super::message::{protocol_error, server_error};
use super::pkt::{self, Packet};
use crate::limits::{MAX_KEPT_MESSAGES, MAX_PROGRESS_BYTES};

/// Reads band 1 of a multiplexed stream. Band 2 holds progress messages, band 3 an error message.
pub(super) struct Sideband<'a> {
    reader: &'a mut dyn Read,
    pending: Vec<u8>,
    at: usize,
    ended: bool,
    /// The first bytes of band 2, at most [`MAX_KEPT_MESSAGES`].
    pub messages: Vec<u8>,
    /// The bytes besides band 1.
    overhead: usize,
}

impl<'a> Sideband<'a> {
    pub(super) fn new(reader: &'a mut dyn Read) -> Self {
        Self { reader, pending: Vec::new(), at: 0, ended: false, messages: Vec::new(), overhead: 0 }
    }

    fn next(&mut self) -> io::Result<()> {
        let bytes = match pkt::read(self.reader)? {
            Packet::Data(bytes) => bytes,
            Packet::Flush | Packet::Delimiter | Packet::End => {
                self.ended = true;
                return Ok(());
            }
        };
        if bytes.len() <= 1 || bytes[0] != 1 {
            // An empty packet keeps a connection alive.
            self.overhead += bytes.len() + pkt::LENGTH;
            if self.overhead > MAX_PROGRESS_BYTES {
                return Err(too_large("the server's messages", MAX_PROGRESS_BYTES as u64));
            }
        }
        match bytes.first() {
            Some(1) => {
                self.pending = bytes;
                self.at = 1;
            }
            Some(2) => {
                let room = MAX_KEPT_MESSAGES.saturating_sub(self.messages.len());
                self.messages.extend(bytes[1..].iter().take(room));
            }
            Some(3) => return Err(server_error(&String::from_utf8_lossy(&bytes[1..]))),
            _ => return Err(protocol_error("expected band 1, 2 or 3 of the side band")),
        }
        Ok(())
    }
}

impl Read for Sideband<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at >= self.pending.len() && !self.ended {
            self.next()?;
        }
        let left = self.pending.get(self.at..).unwrap_or_default();
        let count = left.len().min(out.len());
        out[..count].copy_from_slice(&left[..count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn band_1_is_data_and_band_2_messages() {
        let mut out = Vec::new();
        pkt::data(&mut out, b"\x02hello\n");
        pkt::data(&mut out, b"\x01abc");
        pkt::data(&mut out, b"\x01");
        pkt::data(&mut out, b"\x01def");
        pkt::flush(&mut out);
        let mut reader = out.as_slice();
        let mut band = Sideband::new(&mut reader);
        let mut text = String::new();
        band.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), band.messages.as_slice()), ("abcdef", &b"hello\n"[..]));
    }

    #[test]
    fn band_3_is_an_error() {
        let mut out = Vec::new();
        pkt::data(&mut out, b"\x03upload-pack: not our ref\n");
        let mut reader = out.as_slice();
        let error = Sideband::new(&mut reader).read(&mut [0; 8]).unwrap_err();
        assert_eq!(error.to_string(), "upload-pack: not our ref");
    }
}
