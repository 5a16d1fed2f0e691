//! Text within a size limit: pieces that do not fit are omitted and counted.

/// Pieces in order of importance, as many as fit.
pub(super) struct Bounded {
    text: String,
    limit: usize,
    left_out: usize,
}

/// Room kept for the line that says what was left out, in bytes.
const RESERVE: usize = 200;

impl Bounded {
    /// At most `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Bounded { text: String::new(), limit, left_out: 0 }
    }

    /// Appends a piece if it fits; else tries the shorter one; else counts it as left out.
    pub(super) fn piece(&mut self, piece: &str, shorter: &str) {
        let room = self.limit.saturating_sub(RESERVE + self.text.len());
        match [piece, shorter].into_iter().find(|piece| piece.len() <= room) {
            Some(piece) => self.text.push_str(piece),
            None => self.left_out += 1,
        }
    }

    /// The text, with a last line where something was left out.
    pub(super) fn finish(mut self) -> String {
        if self.left_out > 0 {
            self.text.push_str(&format!("\n{} more changes are omitted because of the size limit.\n", self.left_out));
        }
        self.text
    }
}
