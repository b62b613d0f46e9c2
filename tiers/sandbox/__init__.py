"""The sandbox: a payment provider of our own, in a demo alone. It keeps its own books, and tells Trellis of them as any
provider does, by signed messages over HTTP: on time, twice, late, shuffled, or not at all."""
