using Xunit;

// Guests are emulated: more at a time only wait for each other.
[assembly: CollectionBehavior(MaxParallelThreads = 2)]
