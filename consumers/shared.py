"""The newest published model, as all workers see it in the store."""

from __future__ import annotations

from consumers.batch import Adoption
from stream.damage import readable
from stream.model import Model
from stream.store.base import StateStore


class SharedModel:
    """Puts the model into the store once it is in its topic, and finds newer ones there.

    Only the owner of partition 0 writes. Its own partition adopts a model in the transaction that publishes it; all
    others find it here afterwards. So no journal ever names a model that is not in the topic.
    """

    def __init__(self, store: StateStore) -> None:
        self._store = store
        self._newest = Model()

    def publish(self, model: Model) -> None:
        """Share a model that was published. The version comes last: while it is not there, `restore` does it again."""
        self._newest = model
        self._store.put_shared("model", model.packed)
        self._store.put_shared("model-version", str(model.version).encode())

    def restore(self, model: Model) -> None:
        """Share the model of partition 0 if its last owner died before it did, or the store was wiped."""
        if model.version and self._stored_version() != model.version:
            self.publish(model)
        else:
            self._newest = model

    def refresh(self) -> None:
        """Look for a newer model."""
        if self._stored_version() > self._newest.version:
            packed = self._store.shared("model")
            if packed is not None:
                with readable("The shared model"):
                    self._newest = Model.unpack(packed)

    def newer_than(self, model: Model) -> Adoption | None:
        """What a partition with this model has to adopt, if anything."""
        return Adoption(self._newest, {}) if self._newest.version > model.version else None

    def _stored_version(self) -> int:
        with readable("The shared model's version"):
            return int(self._store.shared("model-version") or 0)
