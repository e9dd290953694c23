using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Hypervisor.Libvirt.Native;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>
/// Keeps the connection: opens it at the first use, and again, with pauses that grow, when it is
/// lost. Calls made meanwhile try at once and fail with the reason.
/// </summary>
internal sealed class LibvirtLink(string uri, LifecycleFeed feed, TimeProvider time) : IDisposable
{
    private static readonly Backoff Pauses =
        new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(15));

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closing = new();
    private EventLoop? _loop;
    private Connection? _connection;
    private Sink? _sink;
    private bool _disposed;

    /// <summary>The connection, which is opened when it is not open.</summary>
    /// <exception cref="PortException">It cannot be opened.</exception>
    public Connection Open()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_connection is not null && !_sink!.IsClosed)
                return _connection;
            _loop ??= EventLoop.Use();
            _connection?.Dispose();
            _connection = null;
            var sink = new Sink(this);
            try
            {
                _connection = new Connection(uri, sink);
            }
            catch (LibvirtException e)
            {
                throw Unreachable(e);
            }

            _sink = sink;
            feed.OnOpened(_connection);
            return _connection;
        }
    }

    /// <summary>Sees to it that the connection gets open, without waiting for it.</summary>
    public void OpenInBackground()
    {
        lock (_gate)
        {
            if (!_disposed && _connection is null)
                _ = ReopenAsync(TimeSpan.Zero, _closing.Token);
        }
    }

    /// <summary>Holds a call's failure against the connection: one that is dead is opened again.
    /// </summary>
    public void OnFailure(Connection connection)
    {
        if (connection.IsAlive)
            return;
        Sink? sink;
        lock (_gate)
            sink = _connection == connection ? _sink : null;
        sink?.OnClosed();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            _connection?.Dispose();
            _closing.Cancel();
        }

        _loop?.Dispose();
        _closing.Dispose();
    }

    private PortException Unreachable(LibvirtException failure) => PortException.Retryable(
        LaunchErrorCode.Hypervisor,
        $"libvirt at {uri} cannot be reached: {failure.Message}; see that its daemon runs "
            + "(systemctl status libvirtd) and that this process's user is in the group libvirt",
        failure);

    private async Task ReopenAsync(TimeSpan first, CancellationToken cancellationToken)
    {
        // Jitter is for crowds; a host has one connection.
        var pause = first;
        for (var failures = 1; ; failures++)
        {
            await Task.Delay(pause, time, cancellationToken);
            pause = Pauses.After(failures, jitter: 1);
            try
            {
                await Task.Factory.StartNew(
                    Open, cancellationToken, TaskCreationOptions.LongRunning,
                    TaskScheduler.Default);
                return;
            }
            catch (PortException)
            {
                // It is tried again; calls made meanwhile say why it fails.
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }
    }

    private void Reopen()
    {
        lock (_gate)
        {
            if (!_disposed)
                _ = ReopenAsync(Pauses.First, _closing.Token);
        }
    }

    private sealed class Sink(LibvirtLink link) : ISignalSink
    {
        private int _closed;

        public bool IsClosed => Volatile.Read(ref _closed) != 0;

        public void OnSignal(DomainSignal signal) => link.OnSignal(signal);

        public void OnClosed()
        {
            // The thread that says so must not wait for one that opens.
            if (Interlocked.Exchange(ref _closed, 1) == 0)
                _ = Task.Run(link.Reopen);
        }
    }

    private void OnSignal(DomainSignal signal) => feed.OnSignal(signal);
}
