using NovaCow.Runtime.Persistence;

namespace NovaCow.Runtime.Tests.Cluster;

/// <summary>A lease row as a database keeps it, by a clock that the test moves.</summary>
internal sealed class LeaseTable(Func<TimeSpan> now)
{
    private string _holder = "";
    private string _address = "";
    private long _epoch;
    private TimeSpan _expiry;

    public Lease? Read() => _epoch == 0
        ? null
        : new("lease", _holder, _address, _epoch, _holder.Length == 0 ? default : _expiry - now());

    public Lease Acquire(string holder, string address, TimeSpan timeToLive)
    {
        var isFree = _holder.Length == 0 || _expiry <= now();
        if (isFree)
            (_holder, _address, _epoch) = (holder, address, _epoch + 1);
        if (_holder == holder)
            _expiry = now() + timeToLive;
        return Read()!;
    }

    public void Release(string holder)
    {
        if (_holder == holder)
            (_holder, _expiry) = ("", default);
    }
}
