"""Each host at its own pace: none waits for another one, and each has deadlines of its own."""
