namespace NovaCow.Simulation;

/// <summary>
/// The uplink of a source, shared fairly: no transfer can have more without another having less
/// that has no more. Each transfer is bounded by its host's network too, by one of a few known
/// rates; those of one rate always go equally fast, so that one clock of received bytes for each
/// rate is exact, and nothing but the next end is ever computed.
/// </summary>
public sealed class SharedLink
{
    // Less than this is an error of rounding, in bytes.
    private const double Nothing = 1;

    private readonly Agenda _agenda;
    private readonly double _bytesPerSecond;
    private readonly Lane[] _lanes;
    private TimeSpan _seen;
    private long _order;
    private long _version;

    /// <param name="agenda">Virtual time.</param>
    /// <param name="bytesPerSecond">What all transfers have together.</param>
    /// <param name="bounds">The rates that one transfer can be bounded by, in bytes per second.
    /// </param>
    public SharedLink(Agenda agenda, double bytesPerSecond, IEnumerable<double> bounds)
    {
        (_agenda, _bytesPerSecond) = (agenda, bytesPerSecond);
        _lanes = [.. bounds.Distinct().Order().Select(b => new Lane(b))];
    }

    /// <summary>Bytes that came through since the beginning.</summary>
    public double BytesDelivered { get; private set; }

    /// <summary>Begins a transfer.</summary>
    /// <param name="bytes">How many bytes.</param>
    /// <param name="bound">The most that it takes, one of those that the link knows.</param>
    /// <param name="ended">Called when all have come.</param>
    public Transfer Begin(long bytes, double bound, Action ended)
    {
        Advance();
        var lane = Array.Find(_lanes, l => l.Bound == bound)
            ?? throw new ArgumentException($"{bound} B/s is none of the link's bounds");
        var transfer = new Transfer(lane, bytes, lane.Received, ended);
        lane.Transfers.Enqueue(transfer, (lane.Received + bytes, _order++));
        lane.Count++;
        Reckon();
        return transfer;
    }

    /// <summary>How far a transfer is, in bytes.</summary>
    public long Received(Transfer transfer)
    {
        Advance();
        return transfer.Received;
    }

    /// <summary>Breaks a transfer off.</summary>
    public void Cancel(Transfer transfer)
    {
        Advance();
        transfer.IsCancelled = true;
        transfer.Lane.Count--;
        Reckon();
    }

    private void Advance()
    {
        var seconds = (_agenda.Now - _seen).TotalSeconds;
        _seen = _agenda.Now;
        foreach (var lane in _lanes)
        {
            if (lane.Count == 0)
                continue;
            lane.Received += lane.Rate * seconds;
            BytesDelivered += lane.Rate * seconds * lane.Count;
        }
    }

    // The slowest lanes first: what they cannot take is left to the others.
    private void Reckon()
    {
        var (left, count) = (_bytesPerSecond, _lanes.Sum(l => l.Count));
        var next = double.PositiveInfinity;
        foreach (var lane in _lanes)
        {
            lane.DropCancelled();
            if (lane.Count == 0)
                continue;
            lane.Rate = Math.Min(lane.Bound, left / count);
            left -= lane.Rate * lane.Count;
            count -= lane.Count;
            lane.Transfers.TryPeek(out _, out var first);
            next = Math.Min(next, Math.Max(0, first.End - lane.Received) / lane.Rate);
        }

        var version = ++_version;
        if (!double.IsPositiveInfinity(next))
            _agenda.After(next, () => EndNext(version));
    }

    private void EndNext(long version)
    {
        if (version != _version)
            return;
        Advance();
        List<Transfer> ended = [];
        foreach (var lane in _lanes)
            lane.TakeEnded(ended);
        Reckon();
        foreach (var transfer in ended)
            transfer.Ended();
    }

    /// <summary>Bytes on their way to a host.</summary>
    public sealed class Transfer
    {
        private readonly long _bytes;
        private readonly double _from;

        internal Transfer(Lane lane, long bytes, double from, Action ended) =>
            (Lane, _bytes, _from, Ended) = (lane, bytes, from, ended);

        internal Lane Lane { get; }

        internal Action Ended { get; }

        internal bool IsCancelled { get; set; }

        internal long Received => Math.Min(_bytes, (long)(Lane.Received - _from));
    }

    /// <summary>The transfers of one bound.</summary>
    internal sealed class Lane(double bound)
    {
        public double Bound => bound;

        public double Rate { get; set; }

        /// <summary>What a transfer has received that was there from the beginning.</summary>
        public double Received { get; set; }

        public int Count { get; set; }

        public PriorityQueue<Transfer, (double End, long Order)> Transfers { get; } = new();

        public void DropCancelled()
        {
            while (Transfers.TryPeek(out var first, out _) && first.IsCancelled)
                Transfers.Dequeue();
        }

        public void TakeEnded(List<Transfer> ended)
        {
            while (Transfers.TryPeek(out var first, out var at)
                && (first.IsCancelled || at.End <= Received + Nothing))
            {
                Transfers.Dequeue();
                if (first.IsCancelled)
                    continue;
                Count--;
                ended.Add(first);
            }
        }
    }
}
