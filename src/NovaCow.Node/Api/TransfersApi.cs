using NovaCow.Actors.Hosting;
using NovaCow.Core;

namespace NovaCow.Node.Api;

/// <summary>
/// Where other hosts fetch the disks of instances that leave this one. The token is in the
/// Authorization header, because paths end up in logs. What broke off is cut off: only a disk
/// that ends with its digest is whole.
/// </summary>
internal static class TransfersApi
{
    private const string Scheme = "Bearer ";

    /// <param name="app">The server.</param>
    /// <param name="desk">What the host lends; null while it does not serve.</param>
    public static void Map(WebApplication app, Func<TransferDesk?> desk) =>
        app.MapGet("/v1/transfers/{disk}", (string disk, HttpContext http) =>
            SendAsync(desk(), disk, http)).ExcludeFromDescription();

    private static async Task SendAsync(TransferDesk? desk, string disk, HttpContext http)
    {
        var response = http.Response;
        try
        {
            response.ContentType = "application/octet-stream";
            var isLent = desk is not null
                && DiskName.TryParse(disk, out var name, out _)
                && http.Request.Headers.Authorization is [{ } credentials]
                && credentials.StartsWith(Scheme, StringComparison.Ordinal)
                && await desk.WriteAsync(
                    credentials[Scheme.Length..], name, response.Body, http.RequestAborted);
            if (!isLent)
                throw NotLent();
        }
        catch (Exception) when (response.HasStarted)
        {
            http.Abort();
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            throw NotLent();
        }
        catch (PortException e) when (e.Error.Code == LaunchErrorCode.InvalidRequest)
        {
            throw new ApiException(
                StatusCodes.Status409Conflict, e.Error.Code.ToString(), e.Error.Message);
        }
    }

    private static ApiException NotLent() => new(
        StatusCodes.Status404NotFound, "NotLent",
        "no disk is lent by that token; it may have been until a move ended");
}
