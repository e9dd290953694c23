using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Security.Authentication;
using System.Text.Json;

namespace NovaCow.Client;

/// <summary>How requests reach a control node, and are tried again at others.</summary>
public sealed partial class NovaCowClient
{
    private const string NoLeader = "NoLeader";
    private static readonly TimeSpan ConnectWithin = TimeSpan.FromSeconds(5);

    /// <summary>Sends a request until it is answered, within the bounds of
    /// <see cref="RetryPolicy"/>.</summary>
    private async Task<HttpResponseMessage> ExchangeAsync(
        Func<HttpRequestMessage> make, HttpCompletionOption completion, CancellationToken ct)
    {
        var clock = Stopwatch.StartNew();
        RetryPolicy? policy = null;
        while (true)
        {
            var endpoint = Volatile.Read(ref _current);
            using var request = make();
            policy ??= new RetryPolicy(_endpoints.Count, RetryPolicy.MayRepeat(request));
            request.RequestUri = new Uri(_endpoints[endpoint], request.RequestUri!);
            var began = clock.Elapsed;
            TryOutcome outcome;
            NovaCowException failure;
            try
            {
                var response = await _http.SendAsync(request, completion, ct);
                if (response.IsSuccessStatusCode)
                    return response;
                using (response)
                    failure = new(await ReadProblemAsync(response, ct));
                outcome = failure.Problem is { Status: 503, Code: NoLeader }
                    ? TryOutcome.NoLeader : TryOutcome.Final;
            }
            catch (HttpRequestException e)
            {
                failure = Unreachable(_endpoints[endpoint], Explain(e), e);
                outcome = OutcomeOf(e);
            }

            var ended = clock.Elapsed;
            if (policy.After(outcome, ended, ended - began) is not { } again)
                throw failure.After(policy);
            policy = again.Next;
            var other = (endpoint + 1) % _endpoints.Count;
            Interlocked.CompareExchange(ref _current, other, endpoint);
            // Not all clients of a leader that went come back at one time.
            await Task.Delay(again.Pause * (0.5 + (Random.Shared.NextDouble() / 2)), ct);
        }
    }

    private static TryOutcome OutcomeOf(HttpRequestException e) => e.HttpRequestError switch
    {
        HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError =>
            TryOutcome.Unreached,
        HttpRequestError.SecureConnectionError => TryOutcome.Final,
        _ => TryOutcome.Lost,
    };

    /// <summary>What a person can do about a connection that failed.</summary>
    private static string Explain(HttpRequestException e)
    {
        var deepest = e.GetBaseException();
        return e.HttpRequestError switch
        {
            // A check of the server's certificate that has its own exception says it all.
            HttpRequestError.SecureConnectionError when deepest is AuthenticationException
                && deepest.GetType() != typeof(AuthenticationException) => deepest.Message,
            HttpRequestError.SecureConnectionError when deepest is AuthenticationException =>
                $"the server is not trusted ({deepest.Message.TrimEnd('.')}): name the cluster's "
                    + "authority with --ca or NOVACOW_CA",
            HttpRequestError.SecureConnectionError =>
                $"no TLS with it ({deepest.Message.TrimEnd('.')}); is it http there?",
            HttpRequestError.ResponseEnded or HttpRequestError.Unknown =>
                $"the connection ended ({deepest.Message.TrimEnd('.')}); is it https there?",
            _ => $"{e.Message}; is a control node running there?",
        };
    }

    private static async Task<Problem> ReadProblemAsync(
        HttpResponseMessage response, CancellationToken ct)
    {
        var status = (int)response.StatusCode;
        try
        {
            if (await response.Content.ReadFromJsonAsync<Problem>(Json, ct) is { } problem)
                return problem with { Status = status };
        }
        catch (JsonException)
        {
            // Something else than the API answered; the status is all there is to say.
        }

        return new Problem
        {
            Status = status,
            Code = ((HttpStatusCode)status).ToString(),
            Detail = $"the server answered {status} {response.ReasonPhrase} without an explanation",
        };
    }

    private static NovaCowException Unreachable(Uri address, string why, Exception? cause) => new(
        new Problem
        {
            Code = NovaCowException.UnreachableCode,
            Title = "the API cannot be reached",
            Detail = $"no answer from {address}: {why} (--api or NOVACOW_API names another)",
        },
        cause);
}
