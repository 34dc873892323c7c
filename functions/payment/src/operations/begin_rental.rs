//! `rental_begun` → the 48 hours of a rental run from its first second on. The earliest moment counts, so neither repetition nor order matters.

use events::{Consumer, Deadline, Event, Outcome, RentalBegun, project};

use crate::rentals::Rentals;

runtime::wire! { pub struct BeginRental { rentals: Rentals } }

impl Consumer<Event> for BeginRental {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        project(&event, RentalBegun::read, async |begun| self.rentals.begin(&begun).await).await
    }
}
