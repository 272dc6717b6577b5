# Gemini Diffusion in a container, drawing on the processor. Pictures and conversations are kept in the volume /data.
#   docker build --tag gemini-diffusion .
#   docker run --publish 127.0.0.1:7860:7860 --volume pictures:/data gemini-diffusion
# Flags go to the end of the second line, such as --auth NAME:PASSWORD where others reach it.
FROM python:3.12-slim

RUN useradd --create-home --uid 1000 person && install --directory --owner=person /data
WORKDIR /app
ENV GEMINI_DIFFUSION_HOME=/data HF_HOME=/data/hub PIP_NO_CACHE_DIR=1 PIP_NO_COMPILE=1

# What changes least is the largest and comes first, so that a new version of the app is a small layer.
COPY constraints.txt requirements.txt requirements-mcp.txt ./
RUN pip install --no-deps --index-url https://download.pytorch.org/whl/cpu $(grep ^torch== constraints.txt)
RUN pip install --requirement requirements.txt --constraint constraints.txt
COPY pyproject.toml README.md LICENSE ./
COPY assets/postcard assets/postcard
COPY gemini_diffusion gemini_diffusion
RUN pip install --no-deps .

USER person
VOLUME /data
EXPOSE 7860
HEALTHCHECK --start-period=60s CMD ["python", "-c", "import urllib.request as web; web.urlopen('http://127.0.0.1:7860/health', timeout=5)"]
ENTRYPOINT ["gemini-diffusion", "--host", "0.0.0.0", "--port", "7860", "--no-browser"]
