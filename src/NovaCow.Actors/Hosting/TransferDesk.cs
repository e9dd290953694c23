using System.Security.Cryptography;
using System.Text;
using NovaCow.Core;

namespace NovaCow.Actors.Hosting;

/// <summary>
/// What a host lends of its disks, and to whom: whoever has the token of a move gets the disks of
/// that one instance, until the move ends or is not asked about for long. Shared by the host's
/// actor, which lends, and the server that hands out; safe for both.
/// </summary>
public sealed class TransferDesk(VolumeDriverSet drivers, TimeProvider time)
{
    /// <summary>How long what nobody asks about any more is lent.</summary>
    public static readonly TimeSpan LentFor = TimeSpan.FromMinutes(10);

    private const int TokenDigits = 32;

    private readonly Lock _gate = new();
    private readonly Dictionary<InstanceId, Lent> _lent = [];

    /// <summary>Why these disks cannot go to another host; null: they can.</summary>
    public LaunchError? WhyNot(InstanceId id, IReadOnlyList<InstanceDisk> disks)
    {
        var fixedThere = disks.FirstOrDefault(
            d => !d.Name.IsBootFile && drivers.Of(d.Driver) is not ITransfersDisks);
        return fixedThere is null
            ? null
            : new LaunchError(
                LaunchErrorCode.InvalidRequest,
                $"instance {id}: the driver {fixedThere.Driver}, which has its disk "
                    + $"{fixedThere.Name}, cannot send it to another host",
                IsRetryable: false);
    }

    /// <summary>Lends an instance's disks for one of its moves, or goes on lending them.</summary>
    /// <returns>The token: 128 random bits.</returns>
    public string Offer(InstanceId id, int number, IReadOnlyList<InstanceDisk> disks)
    {
        lock (_gate)
        {
            if (!_lent.TryGetValue(id, out var lent) || lent.Number != number || IsOver(lent))
            {
                lent?.End();
                _lent[id] = lent = new Lent(
                    id, number, RandomNumberGenerator.GetHexString(TokenDigits, lowercase: true));
            }

            (lent.Disks, lent.Until) = (disks, time.GetUtcNow() + LentFor);
            return lent.Token;
        }
    }

    /// <summary>Lends an instance's disks no longer, and breaks off what is on its way.</summary>
    /// <param name="id">The instance.</param>
    /// <param name="number">The last of its moves that is over; null: all are.</param>
    public void Withdraw(InstanceId id, int? number = null)
    {
        lock (_gate)
        {
            if (!_lent.TryGetValue(id, out var lent) || lent.Number > number)
                return;
            _lent.Remove(id);
            lent.End();
        }
    }

    /// <summary>Writes a disk of the instance that a token is for.</summary>
    /// <param name="token">What somebody says is a token.</param>
    /// <param name="disk">Which disk.</param>
    /// <param name="into">Takes the bytes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>False, and nothing was written: nothing is lent by that token.</returns>
    /// <exception cref="PortException">The disk is in use, or not whole.</exception>
    public async Task<bool> WriteAsync(
        string token, DiskName disk, Stream into, CancellationToken cancellationToken)
    {
        if (Find(token) is not { } lent
            || lent.Disks.FirstOrDefault(d => d.Name == disk && !d.Name.IsBootFile) is not { } found
            || drivers.Of(found.Driver) is not ITransfersDisks driver)
        {
            return false;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(
            cancellationToken, lent.Ended);
        await driver.ExportAsync(lent.Id, found, into, either.Token);
        return true;
    }

    // Every token is compared, and each in the same time, so that none can be guessed by pieces.
    private Lent? Find(string token)
    {
        var bytes = Encoding.UTF8.GetBytes(token);
        lock (_gate)
        {
            Lent? found = null;
            foreach (var lent in _lent.Values)
            {
                if (CryptographicOperations.FixedTimeEquals(
                        Encoding.UTF8.GetBytes(lent.Token), bytes) && !IsOver(lent))
                {
                    found = lent;
                }
            }

            return found;
        }
    }

    private bool IsOver(Lent lent) => lent.Until < time.GetUtcNow();

    private sealed class Lent(InstanceId id, int number, string token)
    {
        private readonly CancellationTokenSource _ended = new();

        public InstanceId Id => id;

        public int Number => number;

        public string Token => token;

        public CancellationToken Ended => _ended.Token;

        public IReadOnlyList<InstanceDisk> Disks { get; set; } = [];

        public DateTimeOffset Until { get; set; }

        // Exports hold its token until they end: it is left to the collector.
        public void End() => _ended.Cancel();
    }
}
