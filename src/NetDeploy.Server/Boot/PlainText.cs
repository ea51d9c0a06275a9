using System.Text;
using Microsoft.AspNetCore.Http;

namespace NetDeploy.Server.Boot;

/// <summary>A text with an explicit length: old firmware cannot read chunks, and the environment's shell reads lines.</summary>
internal sealed class PlainText(string text, int status, string contentType = "text/plain; charset=utf-8") : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        httpContext.Response.StatusCode = status;
        httpContext.Response.ContentType = contentType;
        httpContext.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(httpContext.Request.Method))
        {
            await httpContext.Response.Body.WriteAsync(bytes, httpContext.RequestAborted).ConfigureAwait(false);
        }
    }
}
