using System.Net;
using System.Net.Sockets;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NovaCow.Client;
using NovaCow.Node.Logging;
using NovaCow.Node.Metrics;
using NovaCow.Node.Security;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Remote;

namespace NovaCow.Node.Api;

/// <summary>
/// The node's web server: health and metrics on every node, the API and the links' door where the
/// node has the control role.
/// </summary>
internal static class ApiServer
{
    /// <summary>The longest body of a request.</summary>
    public const long MaxRequestBytes = 1024 * 1024;

    private static readonly TimeSpan ShutdownWithin = TimeSpan.FromSeconds(2);

    /// <summary>Makes the server; nothing listens before it is started.</summary>
    /// <param name="listen">Where; port 0 is any free one.</param>
    /// <param name="security">Who may what; null: everybody everything, and no TLS.</param>
    /// <param name="log">The node's log.</param>
    /// <param name="services">Adds what the routes need.</param>
    public static WebApplication Create(
        Uri listen, NodeSecurity? security, NodeLog log, Action<IServiceCollection> services)
    {
        // A content root of its own: the default builder would watch every folder below the
        // working directory.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            ContentRootPath = AppContext.BaseDirectory,
            ApplicationName = "novacowd",
        });
        builder.Logging.ClearProviders().AddProvider(log);

        // It would log what StartAsync throws, with a stack trace.
        builder.Logging.AddFilter(
            "Microsoft.Extensions.Hosting", Microsoft.Extensions.Logging.LogLevel.None);
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, listen, security));
        builder.Services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.PropertyNamingPolicy =
                NovaCowClient.Json.PropertyNamingPolicy;
            options.SerializerOptions.DefaultIgnoreCondition =
                JsonIgnoreCondition.WhenWritingNull;
            options.SerializerOptions.UnmappedMemberHandling =
                JsonUnmappedMemberHandling.Disallow;
            options.SerializerOptions.RespectNullableAnnotations = true;
            options.SerializerOptions.AllowDuplicateProperties = false;
            options.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        });
        builder.Services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = ShutdownWithin);
        Description.Add(builder.Services);
        services(builder.Services);
        var app = builder.Build();
        app.UseMiddleware<ProblemMiddleware>();
        if (security is not null)
            app.UseMiddleware<AccessMiddleware>(security);
        app.Use(AnswerHead);
        app.UseRouting();
        // Links have a heartbeat of their own.
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.Zero });
        return app;
    }

    /// <summary>The resources under /v1, and their description.</summary>
    public static void MapApi(WebApplication app)
    {
        app.MapOpenApi("/openapi/v1.json");
        var v1 = app.MapGroup("/v1");
        CatalogueApi.Map(v1);
        CacheApi.Map(v1);
        InstancesApi.Map(v1);
        OperationsApi.Map(v1);
        MovesApi.Map(v1);
        MachinesApi.Map(v1);
        ConsoleApi.Map(v1);
        FleetApi.Map(v1);
        HostDutyApi.Map(v1);
        AdoptionApi.Map(v1);
        PlacementApi.Map(v1);
        SpaceApi.Map(v1);
        EventsApi.Map(v1);
        JoinApi.Map(v1);
    }

    /// <summary>The door through which other nodes link to this one.</summary>
    public static void MapLinks(
        WebApplication app, ActorSystem system, NodeSecurity? security) =>
        app.Map(LinkAddress.Path, async (HttpContext context) =>
        {
            if (!context.WebSockets.IsWebSocketRequest
                || system.GetExtension<Links>() is not { } links)
            {
                throw new ApiException(
                    StatusCodes.Status426UpgradeRequired, "UpgradeRequired",
                    $"{LinkAddress.Path} is where nodes link to each other, by WebSocket");
            }

            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            try
            {
                await links.AcceptAsync(
                    socket, security?.GuardOf(context), context.RequestAborted);
            }
            catch (LinkException)
            {
                // Logged where it was refused, and the peer was told.
            }
        }).ExcludeFromDescription();

    /// <summary>Whether the process lives, whether it serves, and what it measures.</summary>
    /// <param name="app">The server.</param>
    /// <param name="notReady">Why the node does not serve yet; null when it does.</param>
    public static void MapHealth(
        WebApplication app, Func<CancellationToken, Task<string?>> notReady)
    {
        app.MapGet("/healthz", () => TypedResults.Text("ok\n")).ExcludeFromDescription();
        app.MapGet("/readyz", async (CancellationToken ct) => await notReady(ct) is { } reason
            ? Results.Text($"{reason}\n", statusCode: StatusCodes.Status503ServiceUnavailable)
            : Results.Text("ready\n")).ExcludeFromDescription();
        app.MapGet("/metrics", async (HttpResponse response, PrometheusExporter metrics) =>
        {
            response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
            await using var writer = new StreamWriter(response.Body);
            await metrics.WriteAsync(writer);
        }).ExcludeFromDescription();
    }

    /// <summary>Starts listening.</summary>
    /// <returns>Where it really listens.</returns>
    /// <exception cref="NodeStartException">The address cannot be had.</exception>
    public static async Task<Uri> StartAsync(WebApplication app, Uri listen, CancellationToken ct)
    {
        try
        {
            await app.StartAsync(ct);
        }
        catch (IOException e)
        {
            throw new NodeStartException(
                $"novacow.api.listen {listen}: the address is taken; end what listens there, "
                + "or choose another", e);
        }
        catch (SocketException e)
        {
            throw new NodeStartException(
                $"novacow.api.listen {listen}: {e.Message}; choose an address of this machine", e);
        }

        var addresses = app.Services.GetRequiredService<IServer>().Features
            .Get<IServerAddressesFeature>()!;
        return new Uri(addresses.Addresses.First());
    }

    /// <summary>HEAD is a GET whose body the server leaves out, wherever a GET ends.</summary>
    private static Task AnswerHead(HttpContext context, RequestDelegate next)
    {
        if (HttpMethods.IsHead(context.Request.Method) && context.Request.Path != EventsApi.Path
            && !ConsoleApi.IsEndless(context.Request))
            context.Request.Method = HttpMethods.Get;
        return next(context);
    }

    private static void Configure(
        KestrelServerOptions kestrel, Uri listen, NodeSecurity? security)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = MaxRequestBytes;
        if (IPAddress.TryParse(listen.Host.Trim('[', ']'), out var address))
            kestrel.Listen(address, listen.Port, Secure);
        else if (listen.Host == "localhost")
            kestrel.Listen(IPAddress.Loopback, listen.Port, Secure);
        else
        {
            throw new NodeStartException(
                $"novacow.api.listen {listen}: expected an IP address or localhost");
        }

        void Secure(ListenOptions options)
        {
            // Links are WebSockets, of HTTP/1.1.
            if (security is not null)
                options.UseHttps(security.Listen()).Protocols = HttpProtocols.Http1;
        }
    }
}
