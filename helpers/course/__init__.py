"""What a notebook uses directly: claims, exercises and set-up."""
