using System.Text;
using System.Text.Encodings.Web;
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
    /// <summary>What every problem is sent as.</summary>
    public const string ProblemType = "application/problem+json";

    private const int ClientClosedRequest = 499;

    private static readonly JsonSerializerOptions Json = new(NovaCowClient.Json)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The serializer's words, and those of somebody who sends JSON.</summary>
    private static readonly (string Jargon, string Plain)[] Jargon =
    [
        ("NovaCow.Client.", ""),
        ("System.Nullable`1[System.Int64]", "a whole number of 64 bits"),
        ("System.Collections.Generic.IReadOnlyList`1[System.String]", "a list of strings"),
        ("System.String", "a string"),
        ("any .NET member contained in type", "any property of"),
        ("JSON deserialization for type", "what is sent as"),
        ("was missing required properties including:", "lacks"),
        (" Consider updating its nullability annotation.", ""),
    ];

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
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to be told.
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
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return TooLarge();
            case BadHttpRequestException bad:
                return new ApiException(
                    bad.StatusCode,
                    nameof(RequestErrorCode.InvalidRequest),
                    "the request's body: there is none, or it broke off; send a JSON object as "
                        + "/openapi/v1.json describes it");
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
        foreach (var (jargon, plain) in Jargon)
            text = text.Replace(jargon, plain, StringComparison.Ordinal);
        return $"{text} (at {e.Path ?? "$"}, line {e.LineNumber + 1})";
    }

    private static ApiException TooLarge() => new(
        StatusCodes.Status413PayloadTooLarge,
        "BodyTooLarge",
        $"the request's body has more than {ApiServer.MaxRequestBytes} bytes; ask for less at a "
            + "time");

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
            413 => TooLarge(),
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
            RetryAfterSeconds =
                e.RetryAfter is { } pause ? (int)Math.Ceiling(pause.TotalSeconds) : null,
        };
        context.Response.Clear();
        context.Response.StatusCode = e.Status;
        if (problem.RetryAfterSeconds is { } seconds)
            context.Response.Headers.RetryAfter = seconds.ToString();

        await context.Response.WriteAsJsonAsync(
            problem, Json, ProblemType);
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
