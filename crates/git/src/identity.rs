//! Authors and committers.

/// A point in time in a commit: seconds since 1970 and the author's UTC offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// Minutes east of UTC.
    pub offset_minutes: i32,
}

/// An author or committer, with the time of the commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name.
    pub name: String,
    /// The email address.
    pub email: String,
    /// The time.
    pub time: Moment,
}

impl Identity {
    /// Returns the identity as a git2 signature.
    ///
    /// # Errors
    /// A name or address that git does not accept.
    pub fn signature(&self) -> Result<git2::Signature<'static>, git2::Error> {
        let time = git2::Time::new(self.time.seconds, self.time.offset_minutes);
        git2::Signature::new(&self.name, &self.email, &time)
    }
}
