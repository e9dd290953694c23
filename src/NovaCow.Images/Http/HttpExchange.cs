using System.Net.Http.Headers;
using System.Text;
using NovaCow.Core;

namespace NovaCow.Images;

/// <summary>
/// Asks for an image, or the rest of one, and follows redirects within their bounds. Owns no
/// state: each call starts at the source again, where a fresh signed URL may be had.
/// </summary>
internal sealed class HttpExchange(HttpClient client, HttpImageOptions options)
{
    /// <summary>The last response's headers; its body is still to be read.</summary>
    public async Task<HttpResponseMessage> SendAsync(
        FetchRequest request, RangeAsked? range, StallWatch watch)
    {
        Redirects.RequireAllowed(request, options, request.Source);
        var source = Redirects.WithoutCredentials(request.Source);
        var at = source;
        for (var hops = 0; hops <= options.MaxRedirects; hops++)
        {
            watch.Rearm();
            using var message = Message(at, range);
            if (Uri.Compare(
                source, at, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped,
                StringComparison.OrdinalIgnoreCase) == 0)
            {
                message.Headers.Authorization = Credentials(request.Source);
            }

            var response = await client.SendAsync(
                message, HttpCompletionOption.ResponseHeadersRead, watch.Token);
            if (!Redirects.IsRedirect(response))
                return response;
            using (response)
                at = Redirects.Next(request, options, at, response.Headers.Location);
        }

        throw HttpErrors.Final(
            request, at, $"more than {options.MaxRedirects} redirects; name the last one's target");
    }

    private static HttpRequestMessage Message(Uri at, RangeAsked? range)
    {
        var message = new HttpRequestMessage(HttpMethod.Get, at);

        // The digest is of the bytes as they are: nobody may encode them on the way.
        message.Headers.AcceptEncoding.ParseAdd("identity");
        message.Headers.UserAgent.ParseAdd("NovaCow");
        if (range is not null)
        {
            message.Headers.Range = new RangeHeaderValue(range.From, null);
            message.Headers.IfRange = range.Validator.ToIfRange();
        }

        return message;
    }

    private static AuthenticationHeaderValue? Credentials(Uri source)
    {
        if (source.UserInfo.Length == 0)
            return null;
        var plain = Encoding.UTF8.GetBytes(Uri.UnescapeDataString(source.UserInfo));
        return new AuthenticationHeaderValue("Basic", Convert.ToBase64String(plain));
    }
}

/// <summary>The bytes from here to the end, provided that the version is still this one.</summary>
internal sealed record RangeAsked(long From, Validator Validator);
