using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;
using NovaCow.Actors.Protocols;
using NovaCow.Core.Scheduling;
using NovaCow.Node.Api;
using NovaCow.Node.Catalogue;
using NovaCow.Node.Logging;
using NovaCow.Node.Metrics;
using NovaCow.Node.Security;
using NovaCow.Node.Settings;
using NovaCow.Node.Wiring;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Cluster;
using NovaCow.Runtime.Remote;
using NovaCow.Runtime.Serialization;

namespace NovaCow.Node;

/// <summary>
/// One node: its actor system, its web server and its roles, started in an order in which nothing
/// is served before it is there, and stopped in the reverse one.
/// </summary>
public sealed class NovaCowNode : IAsyncDisposable
{
    // A host says all it has in one message when it connects.
    private const int MaxMessageBytes = 64 << 20;

    private readonly NodeSettings _settings;
    private readonly NodeLog _log;
    private readonly NodeSecurity? _security;
    private readonly PrometheusExporter _metrics = new();
    private readonly string _incarnation = Guid.NewGuid().ToString("n");
    private readonly MessageSerializer _serializer = WireMessages.Register(new MessageSerializer());
    private readonly ActorSystem _system;
    private readonly IActorRef _scheduler;
    private readonly SchedulerGateway _gateway;
    private readonly TaskCompletionSource<string> _failed =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private WebApplication? _web;
    private ControlRole? _control;
    private HostRole? _host;
    private CertificateRenewal? _renewal;

    private NovaCowNode(NodeSettings settings, NodeLog log)
    {
        (_settings, _log) = (settings, log);
        _security = NodeSecurity.Open(settings, log);
        _system = ActorSystem.Create(
            "novacow",
            new ActorSystemOptions { LogLevel = settings.LogLevel, LogSink = log.Write });
        _scheduler = _system.ActorOf(
            ClusterSingletonProxy.Props(new ClusterSingletonProxySettings
            {
                Lease = ControlRole.Lease,
                SingletonPath = ControlRole.SchedulerPath,
            }),
            "scheduler-proxy");
        _gateway = new SchedulerGateway(_scheduler, StoreTrouble);
    }

    /// <summary>Where the node's API is.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>Completes with the reason when the node cannot go on.</summary>
    public Task<string> Failed => _failed.Task;

    /// <summary>Runs a node until the process is told to stop.</summary>
    /// <param name="settings">What it is to be.</param>
    /// <param name="logFile">Where it logs; null is the standard output.</param>
    /// <param name="say">Told in a line where it serves, and that it is ready, unless there is a
    /// log file for that.</param>
    /// <param name="ct">Stops it, as SIGTERM and SIGINT do.</param>
    /// <exception cref="NodeStartException">It cannot start, or cannot go on.</exception>
    public static async Task RunAsync(
        NodeSettings settings, string? logFile, Action<string> say, CancellationToken ct)
    {
        var clock = Stopwatch.StartNew();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        await using var node = await StartUnlessStoppedAsync(settings, logFile, stop.Token);
        if (node is null)
            return;
        if (logFile is not null)
            say = line => node._log.Write(LogLevel.InfoLevel, "novacowd", line);
        say($"{settings.Name}: {node.Roles()} at {node.Address}");
        if (await node.ReadyAsync(stop.Token))
            say($"{settings.Name}: ready after {clock.Elapsed.TotalSeconds:F2} s");
        var stopped = Task.Delay(Timeout.Infinite, stop.Token);
        if (await Task.WhenAny(stopped, node.Failed) == node.Failed)
            throw new NodeStartException(await node.Failed);

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    private static async Task<NovaCowNode?> StartUnlessStoppedAsync(
        NodeSettings settings, string? logFile, CancellationToken stop)
    {
        try
        {
            return await StartAsync(settings, logFile, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Starts a node.</summary>
    /// <exception cref="NodeStartException">It cannot start.</exception>
    public static async Task<NovaCowNode> StartAsync(
        NodeSettings settings, string? logFile, CancellationToken ct)
    {
        var node = new NovaCowNode(
            settings, new NodeLog(logFile, settings.LogLevel, TimeProvider.System));
        try
        {
            await node.StartAsync(ct);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>Says goodbye, hands leadership over, ends the links, and lets go of the stores.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await _host.LeaveAsync();
        if (_control is not null)
            await _control.LeaveAsync();
        if (_system.GetExtension<Links>() is { } links)
            await links.CloseAsync("the node stops");
        if (_web is not null)
        {
            await _web.StopAsync();
            await _web.DisposeAsync();
        }

        await _system.DisposeAsync();
        if (_control is not null)
            await _control.DisposeAsync();
        _host?.Dispose();
        if (_renewal is not null)
            await _renewal.DisposeAsync();
        _security?.Dispose();
        _metrics.Dispose();
        _log.Dispose();
    }

    private async Task StartAsync(CancellationToken ct)
    {
        _web = ApiServer.Create(_settings.Listen, _security, _log, AddServices);
        ApiServer.MapHealth(_web, NotReadyAsync);
        if (_settings.IsHost)
        {
            TransfersApi.Map(_web, () => _host?.Transfers);
            CapturesApi.Map(_web, () => _host?.Captures);
        }

        if (_settings.IsControl)
        {
            ApiServer.MapApi(_web);
            ApiServer.MapLinks(_web, _system, _security);
        }

        // Requests wait in the proxy until there is a leader.
        Address = await ApiServer.StartAsync(_web, _settings.Listen, ct);
        if (!Address.IsLoopback && _security is null)
        {
            _log.Write(
                LogLevel.WarningLevel, "novacowd",
                $"{Address} can be reached from other machines, and there is no authentication: "
                    + "set novacow.tls");
        }

        var advertise = _settings.Advertise.Port == 0 ? Address : _settings.Advertise;
        Links.Start(_system, LinksOf(advertise), _serializer);
        if (_settings.IsHost)
        {
            _host = HostRole.Start(
                _system,
                _settings with { Advertise = advertise },
                _incarnation,
                _security?.DialNodes(),
                reason => _failed.TrySetResult(reason),
                note => _log.Write(LogLevel.WarningLevel, "store", note));
        }

        if (_security is not null && !_settings.IsControl)
            _renewal = CertificateRenewal.Start(_security, _settings.Host.Seeds, _log);

        if (_settings.IsControl)
        {
            _control = await ControlRole.StartAsync(
                _system, _serializer, _settings, advertise, ct);
        }
    }

    private Runtime.Remote.LinkOptions LinksOf(Uri advertise) => new()
    {
        MaxMessageBytes = MaxMessageBytes,
        MaxBufferedBytes = 4 * MaxMessageBytes,
        DialTls = _security is null ? null : _security.Dial,
        Self = new NodeIdentity
        {
            Name = _settings.Name.Value,
            Roles = [.. Roles().Split('+')],
            Incarnation = _incarnation,
            Address = _settings.IsControl ? advertise.ToString() : "",
        },
    };

    private string Roles() => (_settings.IsControl, _settings.IsHost) switch
    {
        (true, true) => "control+host",
        (true, false) => "control",
        _ => "host",
    };

    private void AddServices(IServiceCollection services)
    {
        services.AddSingleton(_metrics);
        services.AddSingleton(_system);
        services.AddSingleton(_gateway);
        services.AddSingleton(new CertificateDesk(_security, _gateway, _log));
        services.AddSingleton<IHostLifetime, NoLifetime>();
        services.AddSingleton(new ImageRegistrar(
            ImageSources.Create(_settings.Images, _system.TimeProvider),
            ImageSources.CreateInspector(_settings.Images),
            _settings.Images,
            _settings.Control.StagingPath,
            _system.EventStream.Publish));
    }

    private async Task<bool> ReadyAsync(CancellationToken stop)
    {
        try
        {
            while (await NotReadyAsync(stop) is not null)
                await Task.Delay(TimeSpan.FromMilliseconds(10), stop);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private string? StoreTrouble() => Leadership.Of(_system).Trouble(ControlRole.Lease);

    /// <summary>Why this node does not serve yet; null: it does.</summary>
    private async Task<string?> NotReadyAsync(CancellationToken ct)
    {
        var patience = TimeSpan.FromSeconds(2);
        ISchedulerMessage question = _settings.IsHost
            ? new SchedulerProtocol.GetHost(_settings.Name) : new SchedulerProtocol.ListFlavors();
        try
        {
            return await _scheduler.Ask<object>(question, patience, ct) switch
            {
                SchedulerProtocol.FlavorList => null,
                SchedulerProtocol.HostFound { Host: { Status: HostStatus.Up } host } =>
                    host.Incarnation == _incarnation
                        ? null
                        : $"another process is connected as host {_settings.Name}; end it, or "
                            + "give this one another novacow.name",
                SchedulerProtocol.HostFound or SchedulerProtocol.Refused =>
                    "the scheduler does not count on this host yet",
                var other => $"the scheduler answered {other.GetType().Name}",
            };
        }
        catch (AskTimeoutException)
        {
            return StoreTrouble() is { } trouble
                ? $"no control node leads the cluster: {trouble}"
                : "no control node leads the cluster, or it cannot be reached";
        }
        catch (SingletonUnavailableException e)
        {
            return e.Message;
        }
    }

    /// <summary>Signals are the node's, not the web server's: it stops last but one.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
