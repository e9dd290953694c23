using Xunit;

// Each test runs several processes, and mostly waits: for these to start, for a lease or a grace to
// end. Two at a time use two cores; more would starve each other.
[assembly: CollectionBehavior(MaxParallelThreads = 2)]
