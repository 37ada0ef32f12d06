"""Pictures of the segments, as PNG and as one interactive page. Needs the extra `plots`; one file a picture."""
