using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using NovaCow.Client;
using NovaCow.Core;

namespace NovaCow.Node.Api;

/// <summary>
/// Turns whatever ends a request badly into an RFC 9457 problem document with a stable code. No
/// stack trace and no type name ever leaves the process.
/// </summary>
internal sealed class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> log)
{
    private const int ClientClosedRequest = 499;

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            if (context.Response.StatusCode >= 400 && !context.Response.HasStarted
                && context.Response.ContentLength is null)
            {
                await WriteAsync(context, OfStatus(context));
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            if (!context.Response.HasStarted)
                context.Response.StatusCode = ClientClosedRequest;
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, Of(e));
        }
    }

    private ApiException Of(Exception exception)
    {
        switch (exception)
        {
            case ApiException known:
                return known;
            case PortException port:
                return ApiException.Of(port.Error);
            case BadHttpRequestException { InnerException: JsonException json }:
                return ApiException.Invalid($"the request's body: {Readable(json)}");
            case BadHttpRequestException bad:
                return new ApiException(
                    bad.StatusCode, nameof(RequestErrorCode.InvalidRequest), bad.Message);
            default:
                log.LogError(exception, "A request ended in a bug");
                return new ApiException(
                    StatusCodes.Status500InternalServerError,
                    "Internal",
                    "a bug in NovaCow; the node's log says more");
        }
    }

    /// <summary>What a person can use of a JSON error: the place, and what was wrong.</summary>
    private static string Readable(JsonException e)
    {
        var text = e.Message;
        var tail = text.IndexOf(" Path: ", StringComparison.Ordinal);
        if (tail > 0)
            text = text[..tail];
        text = text.Replace("NovaCow.Client.", "", StringComparison.Ordinal);
        return $"{text} (at {e.Path ?? "$"}, line {e.LineNumber + 1})";
    }

    private static ApiException OfStatus(HttpContext context)
    {
        var what = $"{context.Request.Method} {context.Request.Path}";
        return context.Response.StatusCode switch
        {
            404 => new ApiException(404, "NoSuchRoute", $"{what}: there is no such resource; "
                + "/openapi/v1.json describes what there is"),
            405 => new ApiException(405, "MethodNotAllowed", $"{what}: this method is not allowed "
                + $"here; allowed: {context.Response.Headers.Allow}"),
            415 => new ApiException(415, nameof(RequestErrorCode.InvalidRequest),
                $"{what}: send Content-Type: application/json"),
            var status => new ApiException(status, nameof(RequestErrorCode.InvalidRequest),
                $"{what}: refused"),
        };
    }

    private static async Task WriteAsync(HttpContext context, ApiException e)
    {
        var problem = new Problem
        {
            Type = $"urn:novacow:problem:{Kebab(e.Code)}",
            Title = Words(e.Code),
            Status = e.Status,
            Detail = e.Message,
            Code = e.Code,
        };
        context.Response.Clear();
        context.Response.StatusCode = e.Status;
        if (e.RetryAfter is { } pause)
            context.Response.Headers.RetryAfter = ((int)Math.Ceiling(pause.TotalSeconds)).ToString();
        await context.Response.WriteAsJsonAsync(
            problem, NovaCowClient.Json, "application/problem+json");
    }

    private static string Kebab(string code) => Words(code).Replace(' ', '-');

    private static string Words(string code)
    {
        var text = new StringBuilder();
        foreach (var c in code)
        {
            if (char.IsUpper(c) && text.Length > 0)
                text.Append(' ');
            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }
}
