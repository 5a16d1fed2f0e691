//! The images that a command is given.

use std::path::PathBuf;

use delivery::images::given::{GivenImage, from_options, read_file};

use crate::outcome::Failure;

/// Images that replace those of the source, and last until the source or a later command names others.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Image options")]
pub(crate) struct ImageArguments {
    /// Run this image, as NAME=REFERENCE; NAME=source ends an assignment (repeatable, or separated by commas)
    #[arg(long = "image", value_name = "NAME=REFERENCE", env = "HYDRANT_IMAGE", hide_env_values = true)]
    image: Vec<String>,
    /// Run the images of this file: metadata of docker buildx or Skaffold, or lines NAME=REFERENCE (repeatable, or separated by commas)
    #[arg(long = "images", value_name = "FILE", value_delimiter = ',', env = "HYDRANT_IMAGES")]
    images: Vec<PathBuf>,
}

impl ImageArguments {
    /// The options of a verb that takes no file.
    pub(crate) fn of(image: Vec<String>) -> Self {
        ImageArguments { image, images: Vec::new() }
    }

    /// Returns the images of the options, then those of the files.
    ///
    /// # Errors
    /// A value that is not an assignment, and a file that cannot be read.
    pub(crate) fn given(&self) -> Result<Vec<GivenImage>, Failure> {
        let mut given = from_options(&self.image)?;
        for path in &self.images {
            given.extend(read_file(path)?);
        }
        Ok(given)
    }
}
