namespace NovaCow.Core.Scheduling;

/// <summary>A sorted set that knows the rank of each item. Adding, removing and ranking take
/// logarithmic time: a treap whose shape follows from the order in which items came.</summary>
internal sealed class RankedSet<T>(IComparer<T> order)
{
    private Node? _root;
    private uint _last = 1;

    /// <summary>Takes in an item that is not there yet.</summary>
    public void Add(T item)
    {
        var (before, after) = Split(_root, item);
        _root = Join(Join(before, new Node(item, NextHeight())), after);
    }

    /// <summary>Takes out an item that is there.</summary>
    public void Remove(T item)
    {
        var (before, from) = Split(_root, item);
        _root = Join(before, WithoutFirst(from!));
    }

    /// <summary>How many items come before this one.</summary>
    public int RankOf(T item)
    {
        var rank = 0;
        for (var at = _root; at is not null;)
        {
            if (order.Compare(at.Item, item) < 0)
                (rank, at) = (rank + 1 + CountOf(at.Left), at.Right);
            else
                at = at.Left;
        }

        return rank;
    }

    private (Node? Before, Node? From) Split(Node? at, T item)
    {
        if (at is null)
            return default;
        if (order.Compare(at.Item, item) < 0)
        {
            var (before, from) = Split(at.Right, item);
            return (at.With(at.Left, before), from);
        }
        else
        {
            var (before, from) = Split(at.Left, item);
            return (before, at.With(from, at.Right));
        }
    }

    private static Node? Join(Node? left, Node? right)
    {
        if (left is null || right is null)
            return left ?? right;
        return left.Height > right.Height
            ? left.With(left.Left, Join(left.Right, right))
            : right.With(Join(left, right.Left), right.Right);
    }

    private static Node? WithoutFirst(Node at) =>
        at.Left is null ? at.Right : at.With(WithoutFirst(at.Left), at.Right);

    private static int CountOf(Node? node) => node?.Count ?? 0;

    // Spread like chance, and the same in every run.
    private uint NextHeight()
    {
        _last ^= _last << 13;
        _last ^= _last >> 17;
        return _last ^= _last << 5;
    }

    private sealed class Node(T item, uint height)
    {
        public T Item { get; } = item;

        public uint Height { get; } = height;

        public Node? Left { get; private set; }

        public Node? Right { get; private set; }

        public int Count { get; private set; } = 1;

        public Node With(Node? left, Node? right)
        {
            (Left, Right, Count) = (left, right, 1 + CountOf(left) + CountOf(right));
            return this;
        }
    }
}
