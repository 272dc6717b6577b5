"""From files to a loaded pipeline: device, memory plan, offloading."""
